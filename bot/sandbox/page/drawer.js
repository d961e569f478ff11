// Under the hood: the calls and envelopes between the bot and the sandbox.
import { h, icon } from "/page/dom.js";
import { t } from "/page/words.js";

export function drawDrawer(node, page) {
  const { state } = page;
  if (node.hidden) return;
  const entries = [...state.log.values()].reverse();
  const close = h("button", { type: "button", class: "tool", "aria-label": t("close"), onclick: () => page.toggleDrawer() }, icon("close"));
  const head = ["hoodTime", "hoodWhat", "hoodResult", "hoodTook"].map((key) => h("th", { scope: "col" }, t(key)));
  const table = h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, entries.map(row)));
  const scrolled = node.querySelector(".rows")?.scrollTop ?? 0;
  node.replaceChildren(
    h("header", {}, h("h2", {}, t("underHood")), h("span", { class: "context" }, t("sockets", { count: state.sockets })), close),
    entries.length ? h("div", { class: "rows" }, table) : h("p", { class: "context" }, t("hoodEmpty")),
  );
  if (scrolled) node.querySelector(".rows").scrollTop = scrolled;
}

function row(entry) {
  const at = new Date(entry.at * 1000);
  const time = `${at.toLocaleTimeString([], { hour12: false })}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  const took = entry.seconds === null ? "" : `${Math.round(entry.seconds * 1000)} ms`;
  const bad = entry.error || entry.status === null;
  return h(
    "tr",
    { class: bad ? "bad" : "" },
    h("td", { class: "figure" }, time),
    h("td", {}, h("span", { class: `way ${entry.kind}`, "aria-label": entry.kind }, entry.kind === "call" ? "→" : "←"), entry.what, " ", h("span", { class: "context" }, entry.detail)),
    h("td", {}, entry.error ?? entry.status ?? "…"),
    h("td", { class: "figure" }, took),
  );
}
