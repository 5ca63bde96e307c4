// The stage: the player in a page of its own, and the bridge that tells the bar what is shown.
//
// The player (ReplayWeb.page) draws the archived page in a frame within its own frame, both of this
// origin, so the bridge can reach through and mark the quote there.

import { attributesHold, findQuote, mark } from "/quote.js"

// A page may still be drawing itself after it was loaded; we look again until then.
const LOOK_FOR_MS = 8_000
const LOOK_EVERY_MS = 400
// The name that the player gives the frame of the archived page.
const PAGE_FRAME = "iframe[name='___wb_replay_top_frame']"

const asked = new URLSearchParams(location.search)
const quote = asked.get("quote") ?? ""
const bar = location.origin.replace("//replay.", "//")
const told = { url: "", ts: "", missing: false, quote: "", file: "" }

function tell(news) {
  parent.postMessage(Object.assign(told, news), bar)
}

function player() {
  const element = document.createElement("replay-web-page")
  const attributes = {
    source: "/file.wacz",
    replaybase: "/replay/",
    coll: "file", // its name in the addresses of what is replayed
    swname: "guard.js",
    embed: asked.get("url") ? "replayonly" : "default",
    url: asked.get("url") ?? "",
    ts: asked.get("ts") ?? "",
    view: "pages",
    nowebworker: "", // a worker would need a second guard
    nocache: "", // what was looked at is not copied into the browser's storage
    newwindowbase: `${location.origin}/`, // else links to the player's own web site
  }
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

// The document of the archived page, through the shadow trees of the player.
function pageDocument(root) {
  const frame = root.querySelector(PAGE_FRAME)
  if (frame) return frame.contentDocument
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot ?? (element.localName === "iframe" && element.contentDocument)
    const found = inner && pageDocument(inner)
    if (found) return found
  }
  return null
}

let looking = 0

// Look for the quote until it is found or time is up; a newer search ends an older one.
async function look() {
  const mine = ++looking
  const until = Date.now() + LOOK_FOR_MS
  tell({ quote: "looking" })
  while (mine === looking) {
    const page = pageDocument(document)
    if (page?.body && page.readyState !== "loading") {
      const ranges = findQuote(page, quote)
      if (ranges.length) {
        mark(ranges)
        return tell({ quote: "found" })
      }
      if (attributesHold(page, quote)) return tell({ quote: "unmarked" })
    }
    if (Date.now() > until) return tell({ quote: "missing" })
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

// Where the player is; it tells twice, of an address that it lacks only once it has tried to load it.
function moved({ detail }) {
  const { url, ts, loading, replayNotFoundError } = detail
  if (!url || loading) return
  const isNew = url !== told.url || (ts ?? "") !== told.ts
  tell({ url, ts: ts ?? "", missing: Boolean(replayNotFoundError), file: isNew ? "" : told.file })
  if (isNew && quote) look()
  if (isNew) offerDocument(url, ts ?? "")
}

// Browsers show no PDF in a sandbox, so the bar offers it in a window of its own.
async function offerDocument(url, ts) {
  const path = `/replay/w/file/${ts}id_/${url}`
  const player = element.shadowRoot.querySelector("iframe").contentWindow
  const answer = await player.fetch(path)
  answer.body?.cancel()
  const isDocument = answer.ok && /^application\/pdf\b/.test(answer.headers.get("Content-Type"))
  if (isDocument && url === told.url) tell({ file: path })
}

// The player waits three tenths of a second for its worker, which a busy computer takes longer to
// start; so it is started here first, under the address that the player gives it.
async function workerRuns() {
  const { serviceWorker } = navigator
  const scope = "/replay/"
  const registration = await serviceWorker.register(`${scope}guard.js?serveIndex=1`, { scope })
  const worker = registration.active ?? registration.waiting ?? registration.installing
  while (worker.state !== "activated") {
    await new Promise(resolve => worker.addEventListener("statechange", resolve, { once: true }))
  }
}

const element = player()
element.addEventListener("rwp-url-change", moved)
element.addEventListener("rwp-page-loading", moved)
await workerRuns()
document.body.append(element)
