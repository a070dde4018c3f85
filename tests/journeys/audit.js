/* Run inside a page: what a person with weak eyes, a keyboard or a small phone would stumble over. */
(() => {
  const faults = [];
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const elders = document.documentElement.classList.contains("elders");
  const smallest = elders ? 19 : 16;
  const target = elders ? 60 : 44;

  const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.className}"> ${(element.textContent || "").trim().slice(0, 24)}`;

  function parse(color) {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  }
  function background(element) {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color;
    }
    return { r: 255, g: 255, b: 255, a: 1 };
  }
  function luminance({ r, g, b }) {
    const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  }
  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || seen.has(element) || ["SCRIPT", "STYLE", "OPTION"].includes(element.tagName)) continue;
    seen.add(element);
    if (!shown(element) || element.closest(".unseen, .skip, [aria-hidden=true]")) continue;
    const style = getComputedStyle(element);
    const ratio = contrast(parse(style.color), background(element));
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${name(element)}`);
    if (parseFloat(style.fontSize) < smallest - 0.01 && element.tagName !== "SUB") faults.push(`text of ${style.fontSize}: ${name(element)}`);
  }

  const controls = "button, .button, select, textarea, summary, nav a, .todo a, .contents a, .pager a, input:not([type=hidden], [type=checkbox], [type=radio])";
  for (const element of document.querySelectorAll(controls)) {
    if (!shown(element) || element.closest(".foot p")) continue;
    const box = element.getBoundingClientRect();
    if (box.height < target - 0.5) faults.push(`target of ${box.height.toFixed(0)} px: ${name(element)}`);
  }

  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
  for (const [landmark, selector] of [["main", "main"], ["banner", "body > header"], ["contentinfo", "body > footer"]]) {
    if (document.querySelectorAll(selector).length !== 1) faults.push(`no single ${landmark}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("main h1, main h2, main h3, main h4")) {
    const depth = Number(heading.tagName[1]);
    if (depth > level + 1) faults.push(`heading jumps from ${level} to ${depth}: ${name(heading)}`);
    level = depth;
  }
  for (const image of document.images) if (!image.hasAttribute("alt")) faults.push(`image without alt: ${image.src}`);
  if (root < 16) faults.push(`root text of ${root} px`);
  return faults;
})();
