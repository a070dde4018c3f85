"""What every page of both HTML doors must be: parsed, not searched as text."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {"meta", "link", "input", "br", "hr", "img", "rect", "path"}
TEXTLESS = {"script", "style"}


class Page(HTMLParser):
    """A parsed page: its elements, its text, and what is wrong with its nesting."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.csp = response.headers.get("Content-Security-Policy", "")
        self.feed(response.content.decode())
        self.close()
        self.wrong += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = "svg title" if tag == "title" and "svg" in self.open else tag  # a tooltip, not the page's title
        self.elements.append((named, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in TEXTLESS:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that a person reads, in one line."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def faults(self) -> list[str]:
        """Everything that no page may have, or lacks."""
        found = list(self.wrong)
        if "script-src 'self'" not in self.csp or "style-src 'self'" not in self.csp or "unsafe" in self.csp:
            found.append(f"content policy: {self.csp}")
        for tag, wanted in (("h1", 1), ("main", 1), ("title", 1), ("header", 1)):
            if len(self.all(tag)) != wanted:
                found.append(f"{len(self.all(tag))} × <{tag}>")
        if [page.get("lang") for page in self.all("html")] != ["zh-Hans"]:
            found.append("language is not stated")
        if not any(link.get("class") == "skip" and link.get("href") == "#main" for link in self.all("a")):
            found.append("no skip link")
        identifiers = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        found += [f"id {each} twice" for each in {i for i in identifiers if identifiers.count(i) > 1}]
        for tag, attributes in self.elements:
            found += self._element_faults(tag, attributes, identifiers)
        if "₂" in self.text:
            found.append("U+2082 is missing from Chinese fonts")
        return found

    def _element_faults(self, tag: str, attributes: dict[str, str], identifiers: list[str]) -> list[str]:
        found = [f"<{tag} {name}>" for name in attributes if name == "style" or name.startswith("on")]
        if tag == "style" or (
            tag == "script" and "src" not in attributes and attributes.get("type") != "application/json"
        ):
            found.append(f"inline <{tag}>")
        for name in ("src", "href", "action"):
            if attributes.get(name, "").startswith(("http:", "https:", "//", "javascript:")):
                found.append(f"<{tag} {name}={attributes[name]}> leaves the site")
        if tag in ("input", "select", "textarea") and attributes.get("type") not in ("hidden", "submit"):
            named = any(label.get("for") == attributes.get("id") for label in self.all("label"))
            if not (named or "aria-label" in attributes):
                found.append(f"<{tag} name={attributes.get('name')}> has no label")
        for name in ("aria-labelledby", "aria-describedby"):
            found += [
                f"{name}={each} is nowhere" for each in attributes.get(name, "").split() if each not in identifiers
            ]
        if tag == "a" and attributes.get("href", "").startswith("#") and attributes["href"][1:] not in identifiers:
            found.append(f"link to {attributes['href']} goes nowhere")
        return found
