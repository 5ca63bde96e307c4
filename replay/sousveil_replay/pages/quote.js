// Quotes: finds words in a document as it is shown, and marks them without changing it.
//
// A quote was taken from a page's source, or from what was shown, by other rules of white space
// than the browser's; it may begin in one element and end in another. So text and quote are compared
// without white space and without characters that nobody sees, in compatibility form (NFKC; radicals
// and full-width letters of Chinese text). Linear in the page's text.

// White space, zero-width characters, soft hyphens, directional marks.
const UNSEEN = /[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u
const NOT_TEXT = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "TITLE"])
// More text than any page has that people read; what stands behind is not searched.
const MAX_CHARACTERS = 5_000_000
const MAX_DEPTH = 400 // of elements, frames and shadow trees in one another
const MAX_MARKS = 200
const ATTRIBUTES = ["alt", "title", "aria-label", "placeholder", "content", "value"]
const COLOURS = "::highlight(sousveil-quote) { background-color: #ffd83d; color: #000 }"

function seen(text) {
  return Array.from(text.normalize("NFKC")).filter(each => !UNSEEN.test(each)).join("")
}

// Each text node below `node`, in the order of the page; those of frames and shadow trees too.
function* textNodes(node, depth = 0) {
  if (depth > MAX_DEPTH) return
  if (node.nodeType === Node.TEXT_NODE) yield node
  if (NOT_TEXT.has(node.nodeName)) return
  const frame = /^I?FRAME$/.test(node.nodeName) ? node.contentDocument?.body : null
  if (frame) yield* textNodes(frame, depth + 1)
  if (node.shadowRoot) yield* textNodes(node.shadowRoot, depth + 1)
  for (const child of node.childNodes) yield* textNodes(child, depth + 1)
}

// What is seen of the text nodes, and for each of its characters where it stands.
function flatten(nodes) {
  const parts = []
  const places = [] // node, start, end of each UTF-16 unit of the text
  let size = 0
  for (const node of nodes) {
    let at = 0
    for (const character of node.data) {
      const shown = seen(character)
      const end = at + character.length
      for (let unit = 0; unit < shown.length; unit++) places.push([node, at, end])
      parts.push(shown)
      at = end
    }
    size += node.data.length
    if (size > MAX_CHARACTERS) break
  }
  return [parts.join(""), places]
}

// The ranges at which `quote` stands in `page`, its frames included; a range stays in one document.
export function findQuote(page, quote) {
  const wanted = seen(quote)
  const [text, places] = flatten(textNodes(page.body))
  const ranges = []
  let at = wanted ? text.indexOf(wanted) : -1
  while (at >= 0 && ranges.length < MAX_MARKS) {
    const [first, start] = places[at]
    const [last, , end] = places[at + wanted.length - 1]
    if (first.getRootNode() === last.getRootNode()) {
      const range = first.ownerDocument.createRange()
      range.setStart(first, start)
      range.setEnd(last, end)
      ranges.push(range)
    }
    at = text.indexOf(wanted, at + wanted.length)
  }
  return ranges
}

// Whether words that are not shown as text hold the quote: title, description, text of pictures.
export function attributesHold(page, quote) {
  const wanted = seen(quote)
  if (!wanted) return false
  if (seen(page.title).includes(wanted)) return true
  const selector = ATTRIBUTES.map(name => `[${name}]`).join()
  return Array.from(page.querySelectorAll(selector)).some(element =>
    ATTRIBUTES.some(name => seen(element.getAttribute(name) ?? "").includes(wanted)))
}

// Mark the ranges (CSS Custom Highlight API: the page's own tree stays as it was), show the first.
export function mark(ranges) {
  for (const page of new Set(ranges.map(range => range.startContainer.ownerDocument))) {
    const view = page.defaultView
    const own = ranges.filter(range => range.startContainer.ownerDocument === page)
    if (!view.CSS.highlights) {
      view.getSelection().addRange(own[0]) // a browser without it; one selection it has
      continue
    }
    view.CSS.highlights.set("sousveil-quote", new view.Highlight(...own))
    const roots = new Set(own.map(range => range.startContainer.getRootNode()))
    const sheet = new view.CSSStyleSheet()
    sheet.replaceSync(COLOURS)
    for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  }
  ranges[0].startContainer.parentElement?.scrollIntoView({ block: "center" })
}
