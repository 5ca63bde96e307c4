// The guard: the player's service worker, with our policy on every answer it gives.
//
// Archived pages do not come from a server but from this worker, which gives them a policy of its
// own; that one lets them open web sockets to anywhere. Policies add up (CSP 3, section 4.2), so
// ours is put beside it, before the player's code is loaded and can answer anything.

const POLICY = "{policy}"
const CONNECTIONS = '{connections}'
const respondWith = FetchEvent.prototype.respondWith

FetchEvent.prototype.respondWith = function (answer) {
  const isWindow = this.request.destination === "document"
  respondWith.call(this, Promise.resolve(answer).then(isWindow ? documentAlone : guarded))
}

// Outside the bar's sandbox only a PDF is shown, in the browser's own viewer; no script of a page.
function documentAlone(response) {
  const isDocument = /^application\/pdf\b/.test(response.headers.get("Content-Type"))
  return isDocument ? guarded(response) : new Response("Pages are shown below the bar only.\n")
}

function guarded(response) {
  // Answers without a status of their own are network errors and redirects yet to be followed.
  if (response.status < 200) return response
  const headers = new Headers(response.headers)
  headers.append("Content-Security-Policy", POLICY)
  headers.set("Connection-Allowlist", CONNECTIONS)
  headers.set("Referrer-Policy", "no-referrer")
  headers.set("X-DNS-Prefetch-Control", "off")
  const { status, statusText } = response
  return new Response(response.body, { status, statusText, headers })
}

importScripts("sw.js")
