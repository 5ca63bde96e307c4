// What every page has: keys that lead to the desk's rooms, the sheet that tells of all keys, and a
// palette that finds a room, or asks the search, by a few letters.

import { areOff, key, keys, switchOff } from "./keys.js";

const rooms = [...document.querySelectorAll("nav a[data-key]")].map((link) => ({
  name: link.textContent.trim(), href: link.href, key: link.dataset.key,
}));
// On a phone the rooms stand in a strip that scrolls.
document.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

const search = rooms.find((room) => new URL(room.href).pathname === "/search");

for (const room of rooms) key(room.key, room.name, () => location.assign(room.href), "Go to");
if (rooms.length) key("Mod+k", "Any room, or search", showPalette, "Everywhere");
if (search) key("/", "Search", () => location.assign(search.href), "Everywhere");
key("?", "This sheet", showSheet, "Everywhere");

const help = document.getElementById("help");
if (help) {
  help.hidden = false;
  help.addEventListener("click", showSheet);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Keys as they stand on a keyboard. */
function caps(name) {
  const held = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  return name.split(/[ +]/).filter(Boolean).map((part) => element("kbd", { textContent: part === "Mod" ? held : part }));
}

/** Open a dialog that goes when it is closed. */
function show(dialog) {
  document.querySelector("dialog.sheet, dialog.palette")?.remove();
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

function showSheet() {
  const title = element("h2", { id: "sheet-title", textContent: "Keys" });
  const sheet = element("dialog", { className: "sheet" }, title);
  sheet.setAttribute("aria-labelledby", title.id);
  const groups = Map.groupBy(keys(), ([, one]) => one.group);
  const columns = element("div", { className: "groups" });
  for (const [group, ones] of groups) {
    const list = element("dl");
    for (const [name, { says }] of ones) {
      list.append(element("div", {}, element("dt", {}, ...caps(name)), element("dd", { textContent: says })));
    }
    columns.append(element("section", {}, element("h3", { textContent: group }), list));
  }
  const off = element("input", { type: "checkbox", checked: areOff() });
  off.addEventListener("change", () => switchOff(off.checked));
  sheet.append(
    columns,
    element("form", { method: "dialog", className: "actions" },
      element("label", { className: "check" }, off, " Switch off keys without Ctrl"),
      element("button", { textContent: "Close", autofocus: true })),
  );
  show(sheet);
}

function showPalette() {
  const input = element("input", { type: "text", autocomplete: "off", autofocus: true });
  const list = element("ul", { id: "palette-list" });
  const palette = element("dialog", { className: "palette" }, input, list);
  palette.setAttribute("aria-label", "Go to");
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-label": "Go to, or search for", "aria-expanded": "true",
    "aria-controls": list.id, placeholder: "Go to, or search for …",
  })) input.setAttribute(name, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Found");
  let chosen = 0;

  function choices() {
    const typed = input.value.trim();
    const found = rooms.filter((room) => room.name.toLowerCase().includes(typed.toLowerCase()));
    if (search && typed) {
      found.push({ name: `Search for “${typed}”`, href: `${search.href}?q=${encodeURIComponent(typed)}` });
    }
    return found;
  }

  function draw() {
    const found = choices();
    chosen = Math.max(0, Math.min(chosen, found.length - 1));
    list.replaceChildren(...found.map((one, number) => {
      const line = element("li", { id: `choice-${number}` }, one.name, element("span", {}, ...caps(one.key ?? "")));
      line.addEventListener("click", () => location.assign(one.href));
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(number === chosen));
      return line;
    }));
    input.setAttribute("aria-activedescendant", found.length ? `choice-${chosen}` : "");
  }

  input.addEventListener("input", () => { chosen = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen += event.key === "ArrowDown" ? 1 : -1;
      event.preventDefault();
      draw();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const target = choices()[chosen];
      if (target) location.assign(target.href);
    }
  });
  draw();
  show(palette);
}
