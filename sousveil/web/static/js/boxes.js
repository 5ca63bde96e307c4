// Boxes on a picture: drawn with a pointer, or written line by line; the lines are what counts.

const form = document.getElementById("boxing");
if (form) {
  const image = form.querySelector("img");
  const layer = form.querySelector("svg");
  const lines = form.querySelector("textarea");
  let begun = null;

  const read = () =>
    lines.value
      .split("\n")
      .map((line) => line.split(",").map(Number))
      .filter((box) => box.length === 4 && box.every(Number.isFinite));

  const draw = (boxes) => {
    layer.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
    layer.setAttribute("preserveAspectRatio", "none");
    layer.replaceChildren(
      ...boxes.map(([left, top, right, bottom]) => {
        const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const sides = { x: left, y: top, width: right - left, height: bottom - top };
        for (const [name, value] of Object.entries(sides)) box.setAttribute(name, Math.max(0, value));
        box.setAttribute("class", "painted");
        return box;
      }),
    );
  };

  // Where a pointer is, in pixels of the whole picture.
  const place = (event) => {
    const shown = image.getBoundingClientRect();
    const scale = image.naturalWidth / shown.width;
    const within = (value, most) => Math.round(Math.min(Math.max(value * scale, 0), most));
    return [
      within(event.clientX - shown.left, image.naturalWidth),
      within(event.clientY - shown.top, image.naturalHeight),
    ];
  };

  const box = (event) => {
    const [x, y] = place(event);
    return [Math.min(begun[0], x), Math.min(begun[1], y), Math.max(begun[0], x), Math.max(begun[1], y)];
  };

  image.addEventListener("pointerdown", (event) => {
    begun = place(event);
    image.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  image.addEventListener("pointermove", (event) => {
    if (begun) draw([...read(), box(event)]);
  });
  image.addEventListener("pointerup", (event) => {
    if (!begun) return;
    const drawn = box(event);
    begun = null;
    if (drawn[0] < drawn[2] && drawn[1] < drawn[3]) {
      lines.value = `${lines.value.trimEnd()}\n${drawn.join(",")}`.trimStart();
    }
    draw(read());
  });
  image.addEventListener("pointercancel", () => {
    begun = null;
    draw(read());
  });
  lines.addEventListener("input", () => draw(read()));
  image.addEventListener("load", () => draw(read()));
  if (image.complete) draw(read());
}
