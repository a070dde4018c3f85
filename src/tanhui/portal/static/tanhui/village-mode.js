/* Village mode: a clerk's page that works a whole morning without network.

   What it takes along (the pack: occasions, materials, people of the place, the key that checks cards) and what it wrote
   down stand in IndexedDB (offline/queue.js). Cards are checked here (offline/tokens.js); everything is judged again by
   the server when it is uploaded (offline/upload.js), each entry under its own nonce, so that nothing counts twice. */
"use strict";

(async function () {
  const { queue: queues, tokens, scan, uploader, ask } = window.tanhuiOffline;
  const root = document.getElementById("village");
  const at = (id) => document.getElementById(id);
  const SHOWN = 60;
  const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
  const MASS = "mass_g";
  const STATES = { counted: "已计入", pending: "待第二人确认", refused: "没有计入", corrected: "已更正" };

  const queue = await queues.open("village");
  let pack = (await queue.kept("pack")) || null;
  let session = null;
  let chosen = null;
  let camera = null;
  let checks = false;

  class SignedOut extends Error {}
  class NotHere extends Error {}

  // ---- words

  function clock(instant) {
    const options = { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
    return new Date(instant).toLocaleString("zh-CN", { ...options, timeZone: "Asia/Shanghai" });
  }

  function make(tag, words, attributes = {}) {
    const element = document.createElement(tag);
    element.textContent = words;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  function trouble(words, signedOut = false) {
    at("trouble").hidden = !words;
    at("trouble-words").textContent = words || "";
    at("trouble-link").hidden = !signedOut;
  }

  function verdict(yes, sign, what, fix = "") {
    const box = at("verdict");
    box.hidden = false;
    box.className = `verdict ${yes ? "yes" : "no"}`;
    at("verdict-sign").textContent = `${yes ? "✓" : "✗"} ${sign}`;
    at("verdict-what").textContent = what;
    at("verdict-fix").textContent = fix;
    at("print").hidden = !yes;
    box.scrollIntoView({ block: "nearest" });
  }

  // ---- the network

  async function enter(address) {
    let answer;
    try {
      answer = await fetch(address, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(10_000) });
    } catch (error) {
      throw Object.assign(new Error(String(error)), { name: "NoNetwork" });
    }
    if (answer.type === "opaqueredirect") throw new SignedOut("登录已过期");
    let told;
    try {
      told = await answer.json();
    } catch {
      throw answer.status === 403 ? new NotHere("您的角色不能用村里模式") : Object.assign(new Error(), { name: "NoNetwork" });
    }
    if (!answer.ok) throw new NotHere([told.message, told.fix].filter(Boolean).join("。"));
    session = told;
    return told;
  }

  async function send(entries) {
    await enter(root.dataset.pack);
    const clerk = entries[0].shown.clerk;
    const own = entries.filter((entry) => entry.shown.clerk === clerk);
    const rows = own.map((entry) => ({ nonce: entry.nonce, ...entry.content }));
    const headers = { "X-CSRFToken": session.csrf };
    const answer = await ask(root.dataset.upload, { method: "POST", headers, content: { clerk, entries: rows } });
    if (answer.status !== 200) throw new NotHere([answer.content.message, answer.content.fix].filter(Boolean).join("。"));
    return answer.content.results.map(({ nonce, ...told }) => ({
      nonce,
      answer: told,
      release: told.state === "refused" && told.code !== "card_refused",
    }));
  }

  const uploads = uploader({ queue, send, batch: 50, changed });

  async function changed({ busy, waiting, trouble: wrong }) {
    at("bar-waiting").textContent = busy ? "正在上传…" : waiting ? `${waiting}条没上传` : "都传好了";
    at("upload").disabled = busy || !waiting;
    if (wrong instanceof SignedOut) trouble("登录已过期。记录都在，重新登录后接着上传。", true);
    else if (wrong && wrong.name !== "NoNetwork") trouble(`没有传上去：${wrong.message}`);
    else if (!busy) trouble("");
    const refused = await list();
    const words = waiting ? `有${waiting}条在这部手机里，有网络就自动上传。` : "没有要上传的。";
    at("upload-words").textContent = refused ? `${words}有${refused}条没有计入，看下面的红条。` : words;
  }

  function connection() {
    at("bar").classList.toggle("online", navigator.onLine);
    at("bar-net").textContent = navigator.onLine ? "有网络" : "没有网络，照常记";
    at("prepare").disabled = !navigator.onLine;
  }

  // ---- 1. what is taken along

  async function places() {
    const told = await enter(root.dataset.pack);
    const select = at("place");
    select.replaceChildren(...told.places.map(([code, name]) => make("option", name, { value: code })));
    if (pack) select.value = pack.division_code;
    at("place-field").hidden = told.places.length < 2;
  }

  async function prepare() {
    at("prepare").disabled = true;
    try {
      if (!at("place").value) await places();
      if (!at("place").value) throw new NotHere("您没有负责的乡镇或村，请联系系统管理员");
      const told = await enter(`${root.dataset.pack}?division=${encodeURIComponent(at("place").value)}`);
      if (pack && pack.clerk !== told.clerk && (await queue.count())) {
        throw new NotHere(`这部手机里有${pack.clerk}没上传的记录，请先由${pack.clerk}登录上传`);
      }
      pack = { ...told.pack, clerk: told.clerk, place: told.place };
      await queue.keep("pack", pack);
      await queues.persist();
      const off = Math.round((Date.now() - Date.parse(pack.made_at)) / 60_000);
      trouble(Math.abs(off) > 5 ? `这部手机的时间${off > 0 ? "快" : "慢"}了约${Math.abs(off)}分钟，请先调准，不然传不上去。` : "");
      show();
    } catch (error) {
      if (error instanceof SignedOut) trouble("登录已过期，请重新登录。", true);
      else trouble(error.name === "NoNetwork" ? "没有网络，带不了资料。找个有信号的地方再点。" : error.message);
    }
    connection();
  }

  function show() {
    at("weighing").hidden = !pack;
    if (!pack) return;
    const stale = new Date(pack.valid_until) < new Date();
    at("pack-words").textContent =
      `${pack.place}：${pack.occasions.length}场活动、${pack.persons.length}位居民，${clock(pack.made_at)}带上的` +
      (stale ? "。已经过期，有网络时请再带一次。" : `，用到${clock(pack.valid_until)}。`);
    at("prepare").textContent = "再带一次最新的资料";
    const before = at("occasion").value;
    const options = pack.occasions.map((each) => make("option", `${each.title}（${clock(each.starts_at)}）`, { value: each.number }));
    at("occasion").replaceChildren(...options);
    if (before) at("occasion").value = before;
    if (!pack.occasions.length) at("occasion").append(make("option", "这里没有已发布的活动", { value: "" }));
    amounts();
  }

  // ---- 2. one person after the other

  function occasion() {
    return pack.occasions.find((each) => each.number === at("occasion").value) || null;
  }

  function materials() {
    const wanted = occasion() ? occasion().materials : [];
    return pack.materials.filter((each) => wanted.includes(each.code));
  }

  function amounts() {
    const rows = materials().map((each) => {
      const row = make("div", "", { class: "field amount" });
      const unit = each.quantity === MASS ? "千克" : "件";
      const keys = each.quantity === MASS ? "decimal" : "numeric";
      row.append(make("label", `${each.title}（${unit}）`, { for: `amount-${each.code}` }));
      row.append(make("input", "", { type: "text", id: `amount-${each.code}`, inputmode: keys, autocomplete: "off" }));
      if (each.quantity === MASS) {
        const choice = make("div", "", { class: "choice" });
        choice.append(make("input", "", { type: "checkbox", id: `scale-${each.code}` }));
        choice.append(make("label", "电子秤", { for: `scale-${each.code}` }));
        row.append(choice);
      }
      return row;
    });
    at("amounts").replaceChildren(make("legend", "称了多少"), ...rows);
    at("amounts").hidden = !rows.length;
  }

  /* What is wrong with a card, as [what, fix]; null where it can be taken. */
  async function judge(text) {
    if (!checks) return text.startsWith("TC1.") ? null : ["这不是回收卡上的码", "对准卡片上的码再扫"];
    const content = await tokens.read(text, "TC1.", pack.card_key);
    if (!content) return ["这不是本平台的卡片，或者码已损坏", "换卡片上另一个码，或者在下面找人"];
    if (pack.revoked.includes(content.k)) return ["这张卡已经作废", "没带别的卡的，在下面找人"];
    if (expired(content.u)) return ["这张卡过期了", "请本人换一张新卡；这次在下面找人"];
    const known = await queue.seen(mark(content));
    if (known) return [`这个码用过了：${clock(known.made_at)}，${known.shown.occasion}`, "换卡片上一个没用过的码"];
    return null;
  }

  function expired(until) {
    const end = typeof until === "number" ? until * 1000 : Date.parse(until);
    return end < Date.now();
  }

  function mark(content) {
    return `card:${content.k}:${content.s}`;
  }

  async function card(text) {
    const token = text.trim();
    if (!token) return;
    at("card").value = "";
    const wrong = await judge(token);
    if (wrong) {
      verdict(false, "这张卡不行", ...wrong);
      at("card").focus();
      return;
    }
    const content = checks ? await tokens.read(token, "TC1.", pack.card_key) : null;
    const words = content ? `卡片尾号${String(content.k).slice(-6)}，第${content.s}个码` : "卡片（联网后核对）";
    choose({ card: token, mark: content ? mark(content) : `card:${token.slice(-40)}`, words });
  }

  function choose(person) {
    chosen = person;
    at("chosen").textContent = person.words;
    at("asking").hidden = true;
    at("measuring").hidden = false;
    at("verdict").hidden = true;
    stop();
    const first = at("amounts").querySelector("input");
    (first || at("measuring").querySelector("[type=submit]")).focus();
  }

  function next() {
    chosen = null;
    at("measuring").hidden = true;
    at("asking").hidden = false;
    at("amount-fault").hidden = true;
    for (const input of at("amounts").querySelectorAll("input[type=text]")) input.value = "";
    at("who").value = "";
    people();
    at("finding").open = false;
    at("card").focus();
  }

  function people() {
    const wanted = at("who").value.trim().toLowerCase();
    const found = wanted ? pack.persons.filter(([, name]) => name.toLowerCase().includes(wanted)).slice(0, 12) : [];
    const buttons = found.map(([number, name]) => {
      const line = document.createElement("li");
      const button = make("button", name, { type: "button", class: "button quiet" });
      button.append(make("span", `（尾号 ${number.slice(-6)}）`, { class: "soft" }));
      button.addEventListener("click", () => choose({ party: number, words: name }));
      line.append(button);
      return line;
    });
    if (wanted && !found.length) buttons.push(make("li", "带来的资料里没有这个人。有网络时再办，或请本人登记。"));
    at("persons").replaceChildren(...buttons);
  }

  /* What was typed, or what is wrong with it. */
  function measured() {
    const found = [];
    for (const each of materials()) {
      const text = at(`amount-${each.code}`).value.trim().replace("。", ".");
      if (!text) continue;
      const weighs = each.quantity === MASS;
      const fits = weighs ? /^\d{1,6}(\.\d{1,3})?$/.test(text) : /^\d{1,6}$/.test(text);
      if (!fits) return { fault: `${each.title}：请填数字，如${weighs ? " 3.5" : " 12"}` };
      const amount = weighs ? Math.round(Number(text) * 1000) : Number(text);
      const most = weighs ? `${each.most / 1000} 千克` : `${each.most} 件`;
      if (amount <= 0) return { fault: `${each.title}：要大于 0` };
      if (amount > each.most) return { fault: `${each.title}：一个人一次最多 ${most}，请看一看秤` };
      const scale = weighs && at(`scale-${each.code}`).checked;
      const words = `${each.title} ${text} ${weighs ? "千克" : "件"}`;
      found.push({
        words,
        row: {
          material: each.code,
          [weighs ? "mass_g" : "item_count"]: amount,
          weighed: scale ? "scale" : "hand",
          reading: scale ? `${text} kg` : "",
        },
      });
    }
    if (materials().length && !found.length) return { fault: "还没有填重量：至少填一种" };
    return { found };
  }

  async function record(event) {
    event.preventDefault();
    const { fault, found } = measured();
    at("amount-fault").hidden = !fault;
    at("amount-fault").textContent = fault || "";
    if (fault || !occasion()) return;
    const { card: token, party, mark: used, words } = chosen;
    const happened = new Date().toISOString();
    const what = found.map((each) => each.words).join("、") || "到场";
    const minutes = occasion().minutes;
    const content = {
      occasion: occasion().number,
      happened_at: happened,
      ...(token ? { card: token } : { party }),
      ...(minutes ? { minutes } : {}),
      measured: found.map((each) => each.row),
    };
    const shown = { who: words, what, occasion: occasion().title, clerk: pack.clerk, card: Boolean(token), at: happened };
    try {
      const entry = await queue.add({ mark: used, content, shown });
      verdict(true, "记下了", `${words}：${what}`, token ? "联网后计入。" : "没刷卡：联网后由第二个人确认才计入。");
      slip(entry);
    } catch (error) {
      if (error.name !== "Seen") throw error;
      verdict(false, "没有记", `这个码用过了：${clock(error.entry.made_at)}`, "换卡片上一个没用过的码");
    }
    next();
    await uploads.run();
  }

  function slip(entry) {
    const lines = [["谁", entry.shown.who], ["时间", clock(entry.made_at)], ["活动", entry.shown.occasion], ["称了", entry.shown.what], ["经办", entry.shown.clerk], ["记号", entry.nonce.slice(-8)]];
    const rows = lines.map(([name, words]) => {
      const row = document.createElement("div");
      row.append(make("dt", name), make("dd", words));
      return row;
    });
    at("slip-lines").replaceChildren(...rows);
    at("slip").hidden = false;
  }

  // ---- the camera

  async function start() {
    if (camera) return stop();
    try {
      at("video").hidden = false;
      camera = await scan.start(at("video"), card);
      at("camera").textContent = "关掉摄像头";
    } catch {
      stop();
      trouble("摄像头打不开。请在浏览器里允许使用摄像头，或者用扫码枪。");
    }
  }

  function stop() {
    if (camera) camera.stop();
    camera = null;
    at("video").hidden = true;
    at("camera").textContent = "用手机拍";
  }

  // ---- 3. what came of it

  async function list() {
    const entries = await queue.list(SHOWN);
    at("no-entries").hidden = entries.length > 0;
    at("entries").replaceChildren(...entries.map(line));
    return entries.filter((entry) => entry.answer && entry.answer.state === "refused").length;
  }

  function line(entry) {
    const answer = entry.answer || {};
    const state = entry.state === "waiting" ? "waiting" : answer.state;
    const item = make("li", "", { class: state });
    item.append(make("b", `${entry.shown.who}：${entry.shown.what}`));
    item.append(make("span", `${clock(entry.made_at)}　${state === "waiting" ? "待上传" : STATES[state] || state}`));
    if (state === "refused") item.append(make("p", [answer.message, answer.fix].filter(Boolean).join("。")));
    if (answer.receipt) {
      const rest = document.createElement("p");
      rest.append(make("a", "小票", { href: answer.receipt }));
      item.append(rest);
    }
    return item;
  }

  async function clear() {
    if (await queue.count()) return trouble("还有没上传的记录，先找有网络的地方上传，再清空。");
    await queue.drop("pack");
    await queue.forget(new Date(Date.now() + 1000));
    pack = null;
    at("pack-words").textContent = "已清空。下次出门前再带资料。";
    at("prepare").textContent = "带上今天的资料";
    show();
    await list();
  }

  // ---- begin

  at("live").hidden = false;
  checks = await tokens.able();
  if (await scan.able()) at("camera").hidden = false;
  at("prepare").addEventListener("click", prepare);
  at("upload").addEventListener("click", () => uploads.run());
  at("clear").addEventListener("click", clear);
  at("occasion").addEventListener("change", amounts);
  at("card").addEventListener("change", () => card(at("card").value));
  at("card").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      card(at("card").value);
    }
  });
  at("who").addEventListener("input", people);
  at("other").addEventListener("click", next);
  at("measuring").addEventListener("submit", record);
  at("camera").addEventListener("click", start);
  at("print").addEventListener("click", () => window.print());
  window.addEventListener("online", connection);
  window.addEventListener("offline", connection);
  connection();
  show();
  await queue.forget(new Date(Date.now() - KEEP_MS));
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register(root.dataset.worker, { scope: root.dataset.scope }).catch(() => undefined);
  }
  if (navigator.onLine) places().catch((error) => error instanceof SignedOut && trouble("登录已过期，请重新登录。", true));
  await uploads.start();
})();
