// What every page has: keys that lead to the desk's rooms, and the sheet that tells of all keys.

import { areOff, key, keys, switchOff } from "./keys.js";

for (const link of document.querySelectorAll("nav a[data-key]")) {
  key(link.dataset.key, link.textContent.trim(), () => link.click(), "Go to");
}

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

function showSheet() {
  document.getElementById("sheet")?.remove();
  const groups = Map.groupBy(keys(), ([, one]) => one.group);
  const title = element("h2", { id: "sheet-title", textContent: "Keys" });
  const sheet = element("dialog", { id: "sheet", className: "sheet" }, title);
  sheet.setAttribute("aria-labelledby", title.id);
  for (const [group, ones] of groups) {
    const list = element("dl");
    for (const [name, { says }] of ones) {
      const shown = name.split(/[ +]/).map((part) => element("kbd", { textContent: part === "Mod" ? "Ctrl" : part }));
      list.append(element("div", {}, element("dt", {}, ...shown), element("dd", { textContent: says })));
    }
    sheet.append(element("h3", { textContent: group }), list);
  }
  const off = element("input", { type: "checkbox", checked: areOff() });
  off.addEventListener("change", () => switchOff(off.checked));
  const close = element("button", { type: "submit", textContent: "Close" });
  sheet.append(
    element("label", { className: "check" }, off, " Single keys do nothing"),
    element("form", { method: "dialog" }, close),
  );
  document.body.append(sheet);
  sheet.showModal();
}
