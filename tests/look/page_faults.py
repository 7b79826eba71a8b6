"""What is wrong with a page, for every test that fetches one."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
_LABELLED = {"input", "textarea", "select"}
_TEXT = {"title", "h1"}
_UNLABELLED_INPUTS = {"hidden", "submit", "button"}

Attributes = dict[str, str]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.tags: list[tuple[str, Attributes]] = []
        self.texts: Counter[str] = Counter()
        self.error = 0  # how many elements were open around the error that is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {name} twice" for name, n in Counter(names).items() if n > 1]
        attributes = {name: value or "" for name, value in attrs}
        if attributes.get("type") == "radio" and "fieldset" not in self.open:
            self.faults.append(f"radio {attributes.get('name')!r} stands outside a fieldset")
        self.tags.append((tag, attributes))
        if attributes.get("class") == "error":
            self.error = len(self.open)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()
            if "svg" not in self.open:
                self.faults.append(f"<{tag}/> is not closed in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> stands where {self.open[-1:]} is open")
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        if len(self.open) <= self.error:
            self.error = 0

    def handle_data(self, data: str) -> None:
        text = data.strip()
        if not text:
            return
        for tag in _TEXT & set(self.open):
            self.texts[tag] += len(text)
        if {"script", "style"} & set(self.open):
            self.faults.append(f"inline {self.open[-1]}")
        if self.error and self.open[-1] == "p" and text[-1] not in ".?":
            self.faults.append(f"an error without a full stop: {text!r}")


def page_faults(html: str) -> list[str]:
    """One line for each fault: labels, links and references, one h1, nothing inline."""
    page = _Page()
    page.feed(html)
    page.close()
    faults = page.faults
    faults += [f"<{tag}> is never closed" for tag in page.open]
    if not html.lstrip().lower().startswith("<!doctype html>"):
        faults.append("no doctype")
    counted = Counter(tag for tag, _ in page.tags)
    faults += [f"{counted[tag]} <{tag}>" for tag in ("title", "h1", "main") if counted[tag] != 1]
    faults += [f"<{tag}> is empty" for tag in sorted(_TEXT) if not page.texts[tag]]

    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    faults += [f"id {id_!r} stands {n} times" for id_, n in ids.items() if n > 1]
    labels = {attributes.get("for", "") for tag, attributes in page.tags if tag == "label"}
    faults += [f"a label for {id_!r}, which is not there" for id_ in labels - set(ids)]
    for tag, attributes in page.tags:
        faults += _faults_of(tag, attributes, set(ids), labels)
    return faults + _told_out_of_order(page.tags)


def _told_out_of_order(tags: list[tuple[str, Attributes]]) -> list[str]:
    """Errors are told in the order in which their fields stand."""
    places = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [attributes.get("href", "") for tag, attributes in tags if tag == "a"]
    told = [link[1:] for link in links if link.startswith("#") and link[1:] in places]
    told = [id_ for id_ in told if id_ != "main"]
    return [] if told == sorted(told, key=places.index) else [f"{told} are out of order"]


def _faults_of(tag: str, attributes: Attributes, ids: set[str], labels: set[str]) -> list[str]:
    faults = []
    if tag == "html" and not attributes.get("lang"):
        faults.append("<html> has no lang")
    if tag == "style" or "style" in attributes:
        faults.append(f"<{tag}> is styled inline")
    if tag == "script" and not attributes.get("src"):
        faults.append("a script stands inline")
    faults += [f"<{tag}> has {name}" for name in attributes if name.startswith("on")]
    for name in ("href", "src", "action"):
        target = attributes.get(name, "")
        if target.startswith("javascript:"):
            faults.append(f"<{tag}> runs a script by {name}")
        if target.startswith("#") and target[1:] not in ids:
            faults.append(f"<{tag}> points to {target}, which is not there")
        if tag not in {"a", "form"} and ("//" in target or target.startswith("data:")):
            faults.append(f"<{tag}> loads {target}")
    for name in ("aria-describedby", "aria-labelledby"):
        for id_ in attributes.get(name, "").split():
            if id_ not in ids:
                faults.append(f"<{tag}> is {name} {id_!r}, which is not there")
    asks = tag in _LABELLED and attributes.get("type") not in _UNLABELLED_INPUTS
    if asks and attributes.get("id") not in labels and "aria-label" not in attributes:
        faults.append(f"<{tag} name={attributes.get('name')!r}> has no label")
    if "maxlength" in attributes:
        faults.append(f"<{tag} name={attributes.get('name')!r}> would cut what is typed")
    if tag == "img" and "alt" not in attributes:
        faults.append("an image has no alt")
    if tag == "th" and "scope" not in attributes:
        faults.append("a heading cell has no scope")
    return faults
