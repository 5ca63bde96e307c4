// A job's page: how far it is, as the desk tells it. A browser that loses the line asks again by
// itself, and says what it has seen; when the job is over the page is loaded once more.

const job = document.getElementById("job");
const isOver = (state) => !["waiting", "running"].includes(state);

let source;

if (!isOver(job.dataset.state)) {
  document.getElementById("again").hidden = true;
  follow();
  // A browser opens few lines to one host: a page that nobody sees must not hold one.
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => source?.close());
}

function follow() {
  source?.close();
  if (document.visibilityState === "hidden") return;
  source = new EventSource(job.dataset.events);
  source.addEventListener("message", (event) => show(JSON.parse(event.data)));
}

function show(told) {
  if (isOver(told.state) || told.state !== job.dataset.state) {
    source.close();
    location.reload();
    return;
  }
  const bar = document.getElementById("bar");
  if (told.total) {
    bar.max = told.total;
    bar.value = told.done;
  } else bar.removeAttribute("value");
  const parts = told.total ? [`${told.title}, ${told.done} of ${told.total}`] : [told.title];
  document.getElementById("far").textContent = [...parts, told.note].filter(Boolean).join(" ");
  const said = document.getElementById("said");
  const isAtEnd = said.scrollTop + said.clientHeight >= said.scrollHeight - 8;
  said.hidden = !told.said;
  said.textContent = told.said;
  if (isAtEnd) said.scrollTop = said.scrollHeight;
}
