"""What a real Chromium shows of a page, in the form in which it is archived."""

import json
import shutil
from typing import Any

from sousveil.extract import extract
from sousveil.model import RENDERING_TYPE, Document
from tests.dossier.chromium import Chromium

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
STYLES = ["display", "visibility", "opacity", "font-size", "overflow-x", "overflow-y"]
# Where an iframe's content begins on the page.
CORNER = """JSON.stringify([...document.querySelectorAll("iframe")].map(f => {
  const r = f.getBoundingClientRect(), s = getComputedStyle(f)
  return [f.src, r.x + scrollX + f.clientLeft + parseFloat(s.paddingLeft),
    r.y + scrollY + f.clientTop + parseFloat(s.paddingTop)]}))"""
# The rectangles of the first place in the page, open shadow roots and same-origin frames included,
# where a text node holds a word, or where several hold it between them.
RANGES = """(word => {
  const found = (root, dx, dy) => {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    const nodes = []; let text = "", node
    while (node = walk.nextNode()) {
      if (node.nodeType === 3) { nodes.push([node, text.length]); text += node.data; continue }
      if (node.shadowRoot || node.closedRoot) {
        const inner = found(node.shadowRoot || node.closedRoot, dx, dy); if (inner) return inner }
      if (node.tagName === "IFRAME" && node.contentDocument) {
        const r = node.getBoundingClientRect()
        const inner = found(node.contentDocument, dx + r.x + node.clientLeft,
                            dy + r.y + node.clientTop)
        if (inner) return inner }
    }
    const at = text.indexOf(word); if (at < 0) return null
    const range = (root.ownerDocument || root).createRange()
    const place = at => {
      const [n, s] = nodes.filter(([n, s]) => s <= at).pop(); return [n, at - s] }
    range.setStart(...place(at))
    const [last, within] = place(at + word.length - 1); range.setEnd(last, within + 1)
    return [...range.getClientRects()].filter(r => r.width).map(r =>
      [r.left + dx, r.top + dy, r.right + dx, r.bottom + dy]) }
  return JSON.stringify(found(document, scrollX, scrollY)) })"""


def render(browser: Chromium, url: str, *, width: int = 800) -> dict[str, Any]:
    """Show `url` and return its rendering: the page's own target, then frames of other sites."""
    browser.show(url, width)
    return rendering(browser, url)


def rendering(browser: Chromium, url: str) -> dict[str, Any]:
    """Return the rendering of the page that is shown now."""
    corners = json.loads(str(browser.evaluate(CORNER)))
    frames = [{"url": url, "left": 0, "top": 0, "snapshot": _snapshot(browser)}]
    page, targets = browser.session, browser.call("Target.getTargets")["targetInfos"]
    for target in targets:
        place = next((c for c in corners if c[0] == target["url"]), None)
        if target["type"] == "iframe" and place is not None:
            browser.session = None
            told = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            browser.session = told["sessionId"]
            snapshot = _snapshot(browser)
            frames.append({"url": place[0], "left": place[1], "top": place[2]})
            frames[-1]["snapshot"] = snapshot
            browser.session = page
    return {
        "format": "sousveil-rendering-1",
        "url": url,
        "title": str(browser.evaluate("document.title")),
        "lang": str(browser.evaluate("document.documentElement.lang")),
        "browser": "Chromium",
        "width": browser.evaluate("document.documentElement.scrollWidth"),
        "height": browser.evaluate("document.documentElement.scrollHeight"),
        "frames": frames,
    }


def _snapshot(browser: Chromium) -> dict[str, Any]:
    return browser.call("DOMSnapshot.captureSnapshot", computedStyles=STYLES, includeDOMRects=True)


def read(told: dict[str, Any]) -> Document:
    """Return the document of a rendering."""
    payload = json.dumps(told).encode()
    return extract(payload, media_type=RENDERING_TYPE, charset=None, name="https://v.example/")


def ranges(browser: Chromium, word: str) -> list[list[float]]:
    """Return where the browser itself says that a word of the shown page is, line by line."""
    value = browser.evaluate(f"({RANGES})({json.dumps(word)})")
    found: list[list[float]] = json.loads(str(value))
    return found
