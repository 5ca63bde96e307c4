// Parts of pages: pieces of HTML that the desk sends by themselves, and forms sent without leaving.

/** The part at an address as an element's children; throws with words for people. */
export async function part(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(await whyNot(answer));
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  return template.content;
}

/** Send a form's fields to an address, and return what the desk answers; throws with words. */
export async function send(address, fields) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  if (!answer.ok) throw new Error(await whyNot(answer));
  return answer.json();
}

async function whyNot(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector(".lede")?.textContent.trim() || `The desk answered ${answer.status}.`;
}

const pictures = new Map();

/** Put the picture of a finding where its card has a place for it. */
export async function fillPicture(within) {
  const place = within.querySelector("[data-picture]");
  if (!place) return;
  const address = place.dataset.picture;
  if (!pictures.has(address)) pictures.set(address, part(address));
  try {
    const shown = (await pictures.get(address)).cloneNode(true);
    if (place.isConnected) {
      place.replaceChildren(shown);
      showMark(place);
    }
  } catch {
    pictures.delete(address); // the link stays, and says what is wrong
  }
}

/** Bring the quote into sight where the picture is larger than its frame. */
function showMark(place) {
  const frame = place.querySelector(".frame");
  const mark = frame?.querySelector("rect");
  if (!mark) return;
  const centre = () => {
    const box = mark.getBoundingClientRect();
    const seen = frame.getBoundingClientRect();
    frame.scrollTop += box.top + box.height / 2 - (seen.top + seen.height / 2);
    if (box.right > seen.right) frame.scrollLeft += box.left - seen.left - 8;
  };
  const image = frame.querySelector("img");
  if (image.complete) centre();
  else image.addEventListener("load", centre, { once: true });
}
