// The queue by keys. What comes next is asked for beforehand; a decision is shown at once and sent
// in its turn. If one does not arrive, the page says so and goes back to it: nothing is lost silently.

import { key } from "./keys.js";
import { fillPicture, part, send } from "./parts.js";

const AHEAD = 3; // cards asked for beforehand
const ROWS_LEFT = 10; // of the queue, at which more are asked for
const MOST_CARDS = 60; // kept; the oldest are asked for again

const list = document.getElementById("queue");
const card = document.getElementById("card");
const said = document.getElementById("said");
const problem = document.getElementById("problem");
const waiting = document.getElementById("waiting");

const cards = new Map();
let sending = Promise.resolve();
let growing = null;
let pending = 0; // that were not answered yet

if (list && card) start();

function start() {
  const first = card.querySelector(".card");
  cards.set(first.dataset.id, Promise.resolve(fragmentOf(first)));
  fillPicture(card);
  prefetch();

  key("j", "Next finding", () => step(1));
  key("k", "Previous finding", () => step(-1));
  key("c", "Confirm", () => press("confirm"));
  key("r", "Reject", () => press("reject"));
  key("u", "Take back the last decision", undo);
  key("n", "Write a note", () => card.querySelector("[name=note]")?.focus());
  key("t", "Translate the quote", translate);
  key("o", "Open the finding's page", () => location.assign(`/findings/${shown()}`));
  key("b", "Decide on several at once", () => location.assign("/review/several"));

  list.addEventListener("click", (event) => {
    const row = event.target.closest("li");
    if (!row || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    show(row.dataset.id);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!card.contains(form)) return;
    event.preventDefault();
    if (button?.classList.contains("undo")) undo();
    else if (form.classList.contains("acts")) decide(button?.value ?? "confirm", form);
    else keepTranslation(form);
  });
  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches("input, textarea")) card.focus();
  });
}

/** Send a form in its turn, after those before it. */
function queue(address, fields, done, failed) {
  pending += 1;
  sending = sending
    .then(() => send(address, fields))
    .then(done, failed)
    .finally(() => { pending -= 1; });
}

function fragmentOf(element) {
  const fragment = document.createDocumentFragment();
  fragment.append(element.cloneNode(true));
  return fragment;
}

function shown() {
  return card.querySelector(".card").dataset.id;
}

function rowOf(id) {
  return list.querySelector(`li[data-id="${CSS.escape(id)}"]`);
}

function ask(id) {
  if (!cards.has(id)) {
    const asked = part(`/review/card/${encodeURIComponent(id)}`);
    asked.catch(() => cards.delete(id));
    cards.set(id, asked);
    if (cards.size > MOST_CARDS) cards.delete(cards.keys().next().value);
  }
  return cards.get(id);
}

async function show(id) {
  const content = (await ask(id)).cloneNode(true);
  card.replaceChildren(content);
  for (const link of list.querySelectorAll("a[aria-current]")) link.removeAttribute("aria-current");
  const row = rowOf(id);
  row?.querySelector("a").setAttribute("aria-current", "true");
  row?.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", `/review?at=${encodeURIComponent(id)}`);
  window.scrollTo({ top: 0 });
  performance.mark("shown");
  fillPicture(card);
  prefetch();
}

function prefetch() {
  let row = rowOf(shown());
  for (let number = 0; row && number < AHEAD; number += 1) {
    row = row.nextElementSibling;
    if (row && !row.classList.contains("done")) ask(row.dataset.id).then(prefetchPicture, () => {});
  }
  const left = list.children.length - [...list.children].indexOf(rowOf(shown()));
  if (left <= ROWS_LEFT) grow();
}

function prefetchPicture(content) {
  const holder = document.createElement("div");
  holder.append(content.cloneNode(true));
  fillPicture(holder);
}

/** Ask for more of the queue; the place of the last row says from where on. */
function grow() {
  const last = list.lastElementChild;
  if (growing || !last) return growing;
  growing = part(`/review/rows?after=${encodeURIComponent(last.dataset.place)}`).then(
    (rows) => {
      const known = new Set([...list.children].map((row) => row.dataset.id));
      const fresh = [...rows.querySelectorAll("li")].filter((row) => !known.has(row.dataset.id));
      list.append(...fresh);
      if (fresh.length) growing = null;
    },
    () => { growing = null; },
  );
  return growing;
}

function nearest(from, direction) {
  let row = direction > 0 ? from?.nextElementSibling : from?.previousElementSibling;
  return row ?? null;
}

async function step(direction) {
  const row = nearest(rowOf(shown()), direction) ?? (rowOf(shown()) ? null : list.firstElementChild);
  if (row) await show(row.dataset.id);
  else tell(direction > 0 ? "This is the end of the queue." : "This is the front of the queue.");
}

/** The next row that waits: further down, or else further up. */
async function nextOpen(row) {
  for (let next = row?.nextElementSibling; next; next = next.nextElementSibling) {
    if (!next.classList.contains("done")) return next;
  }
  if (row && row === list.lastElementChild && growing === null) {
    await grow();
    if (row.nextElementSibling) return row.nextElementSibling;
  }
  return list.querySelector("li:not(.done)");
}

function press(value) {
  card.querySelector(`.acts button[value=${value}]`)?.click();
}

async function decide(value, form) {
  const id = form.elements.finding.value;
  const fields = { ...Object.fromEntries(new FormData(form)), decision: value };
  const row = rowOf(id);
  const word = value === "confirm" ? "confirmed" : "rejected";
  setDone(row, word);
  hideProblem();
  cards.delete(id);
  queue(
    "/review/decide",
    fields,
    (answer) => {
      const more = answer.decided.length - 1;
      for (const other of answer.decided) {
        cards.delete(other);
        setDone(rowOf(other), word);
      }
      count(answer.waiting);
      tell(`${value === "confirm" ? "Confirmed" : "Rejected"}${more ? `, with ${more} more` : ""}. ${waiting.textContent} wait.`);
    },
    (error) => {
      setDone(row, "");
      showProblem(`Not decided: ${error.message}`);
      return show(id);
    },
  );
  const next = await nextOpen(row);
  if (next) await show(next.dataset.id);
  else sending = sending.then(() => location.assign("/review"));
}

function undo() {
  hideProblem();
  queue(
    "/review/undo",
    { csrf: token() },
    (answer) => {
      for (const id of answer.undone) {
        cards.delete(id);
        setDone(rowOf(id), "");
      }
      count(answer.waiting);
      tell("Taken back.");
      const back = answer.undone.find((id) => rowOf(id)) ?? answer.undone[0];
      return show(back);
    },
    (error) => showProblem(`Not taken back: ${error.message}`),
  );
}

function token() {
  return document.querySelector("input[name=csrf]").value;
}

function translate() {
  const details = card.querySelector(".translating");
  if (!details) return;
  details.open = true;
  details.querySelector("textarea").focus();
  details.scrollIntoView({ block: "center" });
}

function keepTranslation(form) {
  const fields = Object.fromEntries(new FormData(form));
  queue(
    "/review/translate",
    fields,
    () => {
      cards.delete(fields.finding);
      tell("The translation is kept.");
      return shown() === fields.finding ? show(fields.finding) : undefined;
    },
    (error) => showProblem(`Not kept: ${error.message}`),
  );
}

function setDone(row, word) {
  if (!row) return;
  row.classList.toggle("done", word !== "");
  row.querySelector(".tags").dataset.done = word;
}

function count(number) {
  waiting.textContent = `${number.toLocaleString("en")} finding${number === 1 ? "" : "s"}`;
}

function tell(words) {
  said.textContent = words;
}

function showProblem(words) {
  problem.textContent = words;
  problem.hidden = false;
}

function hideProblem() {
  problem.hidden = true;
}

addEventListener("beforeunload", (event) => {
  if (pending > 0) event.preventDefault();
});
