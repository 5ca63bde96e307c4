// A topic's page: what its words would find is shown while somebody writes.

const form = document.getElementById("topic");
const place = document.getElementById("trial");
const PAUSE_MILLISECONDS = 700;
let timer, asked;

form.elements.text.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(tryIt, PAUSE_MILLISECONDS);
});

async function tryIt() {
  asked?.abort();
  asked = new AbortController();
  const fields = new URLSearchParams(new FormData(form));
  fields.set("part", "1");
  try {
    const answer = await fetch(form.dataset.try, { method: "POST", body: fields, signal: asked.signal });
    if (answer.ok) place.innerHTML = await answer.text();
    else place.textContent = `Not tried: the desk answered ${answer.status}. Press the button to be told why.`;
  } catch (error) {
    if (error.name !== "AbortError") place.textContent = "The desk does not answer.";
  }
}
