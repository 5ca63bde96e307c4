// The page of one finding: its picture comes after its words.

import { key } from "./keys.js";
import { fillPicture } from "./parts.js";

const card = document.getElementById("card");
fillPicture(card);

for (const [name, says, value] of [["c", "Confirm", "confirm"], ["r", "Reject", "reject"]]) {
  const button = card.querySelector(`button[value=${value}]`);
  if (button) key(name, says, () => button.click());
}
key("t", "Translate", () => {
  const details = card.querySelector(".translating");
  if (!details) return;
  details.open = true;
  details.querySelector("textarea").focus();
  details.scrollIntoView({ block: "center" });
});
