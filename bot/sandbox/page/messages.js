// Rows of messages. Owns how a message looks and which buttons it offers.
import { avatar, h, icon, timeOf } from "/page/dom.js";
import { emoji } from "/page/inline.js";
import { renderBlocks } from "/page/blocks.js";
import { mrkdwn } from "/page/markdown.js";
import { t } from "/page/words.js";

/** Brings `list` up to `messages`, redrawing only rows that changed, and keeps the bottom in view if it was. */
export function drawMessages(list, messages, page, inThread) {
  const pinned = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const rows = new Map([...list.children].map((row) => [row.dataset.ts, row]));
  const wanted = messages.map((message, index) => {
    const joined = follows(messages[index - 1], message) ? "joined" : "";
    const status = inThread ? null : page.state.status(page.state.here, message.ts);
    const mark = JSON.stringify([message, joined, page.editing === message.ts, page.state.you, status?.text, status?.session]);
    const row = rows.get(message.ts);
    if (row?.mark === mark) return row;
    const fresh = messageRow(message, page, inThread, joined);
    fresh.mark = mark;
    fresh.refocus = row?.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    return fresh;
  });
  if (wanted.length !== list.children.length || wanted.some((row, index) => list.children[index] !== row)) {
    place(list, wanted);
  }
  if (pinned) list.scrollTop = list.scrollHeight;
}

/** Puts the rows in order without touching those that stay, so that a button keeps the focus while its neighbours change. */
function place(list, wanted) {
  const keep = new Set(wanted);
  for (const row of [...list.children]) if (!keep.has(row)) row.remove();
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    if (row.refocus) row.querySelector(`[data-testid="${CSS.escape(row.refocus)}"]`)?.focus();
    row.refocus = null;
  });
}

function follows(before, message) {
  if (!before || before.user !== message.user || before.subtype || message.subtype) return false;
  return Number(message.ts) - Number(before.ts) < 300 && !before.reply_count && !before.ephemeral && !message.ephemeral;
}

function messageRow(message, page, inThread, joined) {
  const { state } = page;
  const person = state.people.get(message.user);
  const quiet = message.subtype === "channel_join" || message.subtype === "tombstone";
  const attributes = {
    class: `message ${joined} ${quiet ? "quiet" : ""} ${message.ephemeral ? "ephemeral" : ""}`,
    "data-ts": message.ts,
    "data-testid": "message",
    "data-user": message.user,
  };
  return h(
    "li",
    attributes,
    h("div", { class: "gutter" }, joined ? timeOf(message.ts) : avatar(person)),
    h(
      "div",
      { class: "content" },
      joined ? null : byline(message, person),
      message.ephemeral ? h("p", { class: "context" }, t("onlyYou")) : null,
      page.editing === message.ts ? editor(message, page) : body(message, page),
      files(message),
      reactions(message, page),
      inThread ? null : replies(message, page),
      inThread ? null : working(message, page),
    ),
    quiet || message.ephemeral ? null : tools(message, page, inThread),
  );
}

function byline(message, person) {
  const badge = person?.is_bot ? h("span", { class: "badge" }, t("app")) : null;
  return h("div", { class: "byline" }, h("strong", {}, person?.real_name ?? message.user), badge, timeOf(message.ts));
}

function body(message, page) {
  const surface = {
    people: page.state.people,
    click: (action_id, chosen, node) => page.click(message, action_id, chosen, node),
  };
  const text = message.subtype === "tombstone" ? t("deleted") : message.text;
  const parts = message.blocks?.length ? renderBlocks(message.blocks, surface) : [h("div", { class: "prose" }, mrkdwn(text, page.state.people))];
  const edited = message.edited ? h("span", { class: "edited", "data-testid": "edited" }, t("edited")) : null;
  return h("div", { class: "body", "data-testid": "message-body" }, parts, edited);
}

/** What is attached: saved, never shown here. Slack's own address of a file is this workspace's. */
function files(message) {
  if (!message.files?.length) return null;
  const link = (file) =>
    h(
      "a",
      { class: "file", href: new URL(file.url_private).pathname, download: file.name, "data-testid": "file" },
      h("strong", {}, file.title),
      h("span", {}, `${file.pretty_type} · ${file.size.toLocaleString()} B`),
    );
  return h("div", { class: "files" }, message.files.map(link));
}

function editor(message, page) {
  const field = h("textarea", { rows: 2, "aria-label": t("edit"), value: plainText(message, page.state.people) });
  const save = () => page.saveEdit(message, field.value);
  const keys = (event) => {
    if (event.key === "Escape") page.edit(null);
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  };
  field.addEventListener("keydown", keys);
  queueMicrotask(() => field.focus());
  const cancel = h("button", { type: "button", class: "button", onclick: () => page.edit(null) }, t("cancel"));
  const done = h("button", { type: "button", class: "button primary", onclick: save }, t("save"));
  return h("div", { class: "editor" }, field, h("div", { class: "actions" }, cancel, done));
}

/** A person's message as they typed it: mentions by name, links bare. */
function plainText(message, people) {
  const named = message.text.replace(/<@(\w+)>/g, (_, id) => `@${people.get(id)?.name ?? id}`).replace(/<(https?:[^>]+)>/g, "$1");
  return named.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

function reactions(message, page) {
  if (!message.reactions?.length) return null;
  const chips = message.reactions.map((reaction) => {
    const mine = reaction.users.includes(page.state.you);
    const label = `${emoji(reaction.name)} ${reaction.count}`;
    const react = () => page.act("react", { channel: page.state.here, ts: message.ts, name: reaction.name });
    return h("button", { type: "button", class: `reaction ${mine ? "mine" : ""}`, "aria-pressed": String(mine), onclick: react }, label);
  });
  return h("div", { class: "reactions" }, chips);
}

function replies(message, page) {
  if (!message.reply_count) return null;
  const label = message.reply_count === 1 ? t("reply") : t("replies", { count: message.reply_count });
  const faces = message.reply_users.slice(0, 3).map((id) => avatar(page.state.people.get(id)));
  const open = () => page.openThread(message.ts);
  return h("button", { type: "button", class: "replies", "data-testid": "open-thread", onclick: open }, faces, label, timeOf(message.latest_reply));
}

/** What the bot is doing in the thread below, for those who look at the channel. */
function working(message, page) {
  const status = page.state.status(page.state.here, message.ts);
  if (!status?.text) return null;
  const words = `${page.state.people.get(page.state.bot).name} ${status.text}`;
  return h("p", { class: "working", "data-testid": "working" }, h("span", { class: "dots", "aria-hidden": "true" }), words);
}

function tools(message, page, inThread) {
  const where = { channel: page.state.here, ts: message.ts };
  const tool = (label, shape, onclick, testid) =>
    h("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick, "data-testid": testid }, icon(shape));
  const own = message.user === page.state.you;
  return h(
    "div",
    { class: "tools" },
    tool(t("react"), "smile", () => page.act("react", { ...where, name: "+1" }), "react"),
    inThread ? null : tool(t("openThread"), "reply", () => page.openThread(message.thread_ts ?? message.ts), "reply"),
    own ? tool(t("edit"), "edit", () => page.edit(message.ts), "edit") : null,
    own ? tool(t("remove"), "trash", () => page.act("delete", where), "delete") : null,
  );
}
