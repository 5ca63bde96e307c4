// The bar: puts the stage into its frame and says what the stage reports.
//
// Reports come from an origin where archived scripts run, so they are taken as text, from the frame
// alone, and nothing else is done with them.

const frame = document.getElementById("stage")
const origin = frame.dataset.origin
const asked = new URLSearchParams(location.search)

const QUOTE = {
  looking: "Looking for the quote",
  found: "Quote found and marked",
  unmarked: "Quote found, not in the text that is shown but in a title or description of the page",
  missing: "Quote not found on this page",
}

const MISSING = "This address is not in the file, or not at this time"

function show(id, text) {
  const element = document.getElementById(id)
  element.textContent = text
  element.hidden = text === ""
}

// "20260102030405" as people read it; what is shorter is told as far as it goes.
function time(ts) {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?/.exec(ts) ?? []
  const date = [year, month, day].filter(Boolean).join("-")
  const clock = [hour, minute, second].filter(Boolean).join(":")
  return date && (clock ? `captured ${date} ${clock} UTC` : `captured ${date}`)
}

addEventListener("message", event => {
  if (event.source !== frame.contentWindow || event.origin !== origin) return
  const { url, ts, missing, quote, file } = event.data
  if (url) {
    show("address", String(url))
    show("captured", missing ? MISSING : time(String(ts)))
  }
  const link = document.getElementById("document")
  link.hidden = !String(file).startsWith("/replay/w/")
  link.href = origin + file
  const words = QUOTE[quote]
  const status = document.getElementById("quote")
  status.dataset.state = words ? quote : ""
  show("quote", words ? `${words}: “${asked.get("quote")}”` : "")
})

frame.src = `${origin}/${location.search}`
