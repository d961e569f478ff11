// Making and changing nodes. Text only ever becomes text: nothing here parses markup.

/** An element with properties (`class`, `on…` listeners, attributes; null and false are left out) and children. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A small drawing for the eye alone. */
export function icon(path) {
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const drawing = make("svg");
  const line = make("path");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "drawing");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Make the children these, keeping those from the front that are equal: selections and focus in them live on. */
export function patchChildren(parent, nodes) {
  const old = [...parent.childNodes];
  let same = 0;
  while (same < old.length && same < nodes.length && old[same].isEqualNode(nodes[same])) same += 1;
  old.slice(same).forEach((node) => node.remove());
  parent.append(...nodes.slice(same));
}
