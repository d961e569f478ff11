// Text with marks → DOM nodes: Markdown inline, Slack's mrkdwn, mentions and links. Never markup from a string.
import { h } from "/page/dom.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'", "&nbsp;": "\u00a0" };
const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", eyes: "👀", white_check_mark: "✅", x: "❌", warning: "⚠️",
  hourglass_flowing_sand: "⏳", thinking_face: "🤔", tada: "🎉", wave: "👋", heart: "❤️", smile: "😄", bulb: "💡",
  information_source: "ℹ️", lock: "🔒", books: "📚", mag: "🔍", robot_face: "🤖", octagonal_sign: "🛑", repeat: "🔁",
};

export function decode(text) {
  return text.replace(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (entity) => ENTITIES[entity]);
}

export function emoji(name) {
  return EMOJI[name] ?? `:${name}:`;
}

export function link(url, label) {
  const target = decode(url);
  if (!/^(https?:|mailto:)/i.test(target)) return document.createTextNode(decode(label ?? url));
  return h("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, decode(label ?? target));
}

export function mention(id, people) {
  const person = people.get(id);
  return h("span", { class: "mention" }, `@${person ? person.name : id}`);
}

const URL_TAIL = "https?:\\/\\/[^\\s<>\"'`，。；、）]*[^\\s<>\"'`.,;:!?)\\]，。；、）*_]";
const CONTROL =
  "<@(?<user>[UW][A-Z0-9_]+)(?:\\|[^>]*)?>|<#(?<room>[CG][A-Z0-9_]+)(?:\\|(?<roomName>[^>]*))?>|<!(?<special>\\w+)(?:[|^][^>]*)?>" +
  "|<(?<angled>(?:https?:\\/\\/|mailto:)[^<>|\\s]+)(?:\\|(?<angledLabel>[^>]*))?>";
const MARKDOWN = new RegExp(
  "(?<ticks>`+)(?<code>[^`]|[^`][\\s\\S]*?[^`])\\k<ticks>(?!`)" +
    "|\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+\\-.!~>|<&])" +
    "|\\*\\*(?<strong>\\S|\\S[\\s\\S]*?\\S)\\*\\*|(?<!\\w)__(?<strong2>\\S|\\S[\\s\\S]*?\\S)__(?!\\w)|~~(?<gone>\\S|\\S[\\s\\S]*?\\S)~~" +
    "|\\*(?<em>[^*\\s]|[^*\\s][^*]*?[^*\\s])\\*|(?<!\\w)_(?<em2>[^_\\s]|[^_\\s][^_]*?[^_\\s])_(?!\\w)" +
    "|!?\\[(?<label>[^\\]]*)\\]\\((?<href>[^()\\s]+(?:\\([^()\\s]*\\)[^()\\s]*)?)\\)|" +
    CONTROL +
    `|(?<bare>${URL_TAIL})`,
  "g",
);
const MRKDWN = new RegExp(
  "(?<ticks>`)(?<code>[^`\\n]+)`|(?<![\\w*])\\*(?<strong>[^*\\s\\n]|[^*\\s\\n][^*\\n]*?[^*\\s\\n])\\*(?![\\w*])" +
    "|(?<!\\w)_(?<em>[^_\\s\\n]|[^_\\s\\n][^_\\n]*?[^_\\s\\n])_(?!\\w)|(?<!\\w)~(?<gone>[^~\\s\\n]|[^~\\s\\n][^~\\n]*?[^~\\s\\n])~(?!\\w)" +
    `|:(?<emoji>[a-z0-9_+-]+):|${CONTROL}|(?<bare>${URL_TAIL})`,
  "g",
);

export const markdownInline = (text, people) => marked(text, MARKDOWN, people);
export const mrkdwnInline = (text, people) => marked(text, MRKDWN, people);

function marked(text, pattern, people) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(...lines(text.slice(end, match.index)));
    nodes.push(...nodesOf(match, pattern, people));
    end = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(end)));
  return nodes;
}

function nodesOf(match, pattern, people) {
  const found = match.groups;
  const inner = (part) => marked(part, pattern, people);
  if (found.code !== undefined) return [h("code", {}, decode(found.code))];
  if (found.escaped !== undefined) return [found.escaped];
  const strong = found.strong ?? found.strong2;
  if (strong !== undefined) return [h("strong", {}, inner(strong))];
  const em = found.em ?? found.em2;
  if (em !== undefined) return [h("em", {}, inner(em))];
  if (found.gone !== undefined) return [h("s", {}, inner(found.gone))];
  if (found.emoji !== undefined) return [emoji(found.emoji)];
  if (found.href !== undefined) return [link(found.href, found.label || found.href)];
  if (found.user) return [mention(found.user, people)];
  if (found.room) return [h("span", { class: "mention" }, `#${decode(found.roomName || found.room)}`)];
  if (found.special) return [h("span", { class: "mention loud" }, `@${found.special}`)];
  if (found.angled) return [link(found.angled, found.angledLabel)];
  return [link(found.bare)];
}

function lines(text) {
  return text
    .split("\n")
    .flatMap((line, index) => (index ? [h("br"), decode(line)] : [decode(line)]))
    .filter((node) => node !== "");
}
