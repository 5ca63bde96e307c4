// Keys: what a page does at a key, told in one sheet that "?" opens.
//
//     import { key } from "./keys.js";
//     key("j", "Next finding", () => next());
//     key("g t", "Today", () => …);            // one after the other
//     key("Mod+k", "Go to anything", () => …); // Ctrl, or Command
//
// Single keys rest while somebody types, and people may switch them off (WCAG 2.2, 2.1.4).

const SECOND_KEY_MILLISECONDS = 1500;
const OFF = "sousveil.keys.off";

const known = new Map();
let first = "";
let waiting = 0;

/** Do `act` at a key; `group` is the heading under which the sheet tells of it. */
export function key(name, says, act, group = "This page") {
  known.set(name, { says, act, group });
}

/** All keys: [name, {says, group}], in the order in which they were named. */
export function keys() {
  return [...known];
}

export function areOff() {
  return localStorage.getItem(OFF) === "yes";
}

export function switchOff(off) {
  if (off) localStorage.setItem(OFF, "yes");
  else localStorage.removeItem(OFF);
}

function isTyping(target) {
  return target instanceof HTMLElement
    && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));
}

function nameOf(event) {
  const held = event.ctrlKey || event.metaKey;
  return held ? `Mod+${event.key.toLowerCase()}` : event.key;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const name = nameOf(event);
  const single = !name.startsWith("Mod+");
  if (single && (isTyping(event.target) || areOff() || document.querySelector("dialog[open]"))) return;
  const pair = first && single ? `${first} ${name}` : name;
  clearTimeout(waiting);
  first = "";
  const found = known.get(pair) ?? known.get(name);
  if (found) {
    event.preventDefault();
    found.act(event);
  } else if (single && [...known.keys()].some((one) => one.startsWith(`${name} `))) {
    first = name;
    waiting = setTimeout(() => { first = ""; }, SECOND_KEY_MILLISECONDS);
  }
});
