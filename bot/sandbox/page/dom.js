// Builds DOM nodes. Text only ever becomes text nodes: nothing in this page parses HTML.

/** h("button", {class: "plain", onclick: f, "aria-label": "…"}, "text", node, null) */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SHAPES = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  reply: "M21 12a8 8 0 0 1-8 8H4l2-3a8 8 0 1 1 15-5z",
  smile: "M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.01M15 9.5v.01",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  hood: "M4 19V9M10 19V5M16 19v-7M21 19H3",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

export function avatar(person) {
  if (person?.is_bot) return h("span", { class: "avatar bot", "aria-hidden": "true" }, icon("menu"));
  const name = person?.real_name ?? "?";
  const shade = [...(person?.id ?? "")].reduce((sum, char, index) => sum + char.codePointAt(0) * (index + 3), 0) % 5;
  return h("span", { class: `avatar shade-${shade}`, "aria-hidden": "true" }, [...name][0]);
}

export function timeOf(ts) {
  const date = new Date(Number(ts) * 1000);
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString() }, clock);
}

/** Replaces what is in `node` only if `mark` (what it is drawn from) has changed: focus, open lists and selections survive. */
export function redraw(node, mark, children) {
  const text = JSON.stringify(mark);
  if (node.mark === text) return;
  node.mark = text;
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  node.replaceChildren(...children());
  if (focused) node.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}
