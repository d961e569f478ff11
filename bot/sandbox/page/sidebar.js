// The left side: who you are, channels, the DM with the bot, the drawer's switch.
import { avatar, h, icon, redraw } from "/page/dom.js";
import { t } from "/page/words.js";

export function drawSidebar(node, page) {
  const { state } = page;
  const channels = [...state.channels.values()];
  const unread = channels.map((channel) => state.unread(channel.id));
  redraw(node, [state.you, state.here, state.sockets > 0, channels, unread], () => [
    h("header", {}, h("strong", { class: "team" }, state.team), h("p", {}, t("local"))),
    switcher(page),
    h("h2", {}, t("channels")),
    h("ul", {}, channels.filter((c) => c.kind !== "im").map((channel) => entry(channel, page))),
    h("h2", {}, t("direct")),
    h("ul", {}, channels.filter((c) => c.kind === "im").map((channel) => entry(channel, page))),
    h("div", { class: "grow" }),
    h("button", { type: "button", class: "plain", "data-testid": "open-drawer", onclick: () => page.toggleDrawer() }, icon("hood"), t("underHood")),
  ]);
}

function switcher(page) {
  const { state } = page;
  const people = [...state.people.values()].filter((person) => !person.is_bot);
  const options = people.map((person) => h("option", { value: person.id, selected: person.id === state.you }, `${person.real_name} · ${person.title}`));
  const choose = (event) => page.become(event.target.value);
  return h(
    "label",
    { class: "switcher" },
    h("span", {}, t("you")),
    h("span", { class: "choice" }, avatar(state.people.get(state.you)), h("select", { "data-testid": "you-are", onchange: choose }, options)),
  );
}

function entry(channel, page) {
  const { state } = page;
  const unread = channel.id === state.here ? 0 : state.unread(channel.id);
  const sign = channel.kind === "im" ? presence(state) : channel.kind === "group" ? icon("lock") : h("span", { class: "hash", "aria-hidden": "true" }, "#");
  const attributes = {
    type: "button",
    class: `entry ${unread ? "unread" : ""}`,
    "aria-current": channel.id === state.here ? "page" : null,
    "data-testid": `channel-${channel.id}`,
    onclick: () => page.go(channel.id),
  };
  const count = unread ? h("span", { class: "count" }, String(unread), h("span", { class: "unseen" }, ` ${t("unread")}`)) : null;
  return h("li", {}, h("button", attributes, sign, h("span", { class: "name" }, state.nameOf(channel)), count));
}

function presence(state) {
  return h("span", { class: `presence ${state.sockets ? "on" : ""}`, title: state.sockets ? "" : t("offlineShort") });
}
