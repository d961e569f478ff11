// Markdown blocks → DOM nodes: the subset that a chat message needs. What it does not know stays visible as text.
import { h } from "/page/dom.js";
import { decode, markdownInline, mrkdwnInline } from "/page/inline.js";

const FENCE = /^\s{0,3}(```+|~~~+)\s*\S*\s*$/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:([-*+•])|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^\s{0,3}(?:>|&gt;)\s?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Nodes of a Markdown text. An open fence at the end (a message that still grows) is shown as code. */
export function markdown(text, people) {
  return blocks(text.split("\n"), (part) => markdownInline(part, people));
}

/** Slack's mrkdwn: fences and quotes as blocks, all else inline. */
export function mrkdwn(text, people) {
  const nodes = [];
  text.split("```").forEach((part, index) => {
    if (index % 2) nodes.push(h("pre", {}, h("code", {}, decode(part.replace(/^\n|\n$/g, "")))));
    else if (part.trim()) nodes.push(...mrkdwnText(part, people));
  });
  return nodes;
}

function mrkdwnText(part, people) {
  const inline = (text) => mrkdwnInline(text, people);
  const nodes = [];
  let plain = [];
  const flush = () => {
    const text = plain.join("\n").replace(/^\n+|\n+$/g, "");
    if (text) nodes.push(h("p", {}, inline(text)));
    plain = [];
  };
  for (const line of part.split("\n")) {
    const quote = line.match(QUOTE);
    if (!quote) plain.push(line);
    else {
      flush();
      nodes.push(h("blockquote", {}, inline(quote[1])));
    }
  }
  flush();
  return nodes;
}

function blocks(lines, inline) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = blockAt(lines, at, inline);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function blockAt(lines, at, inline) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return fence(lines, at);
  const heading = line.match(HEADING);
  if (heading) return [h(`h${Math.min(6, heading[1].length + 2)}`, {}, inline(heading[2])), at + 1];
  if (RULE.test(line)) return [h("hr"), at + 1];
  if (QUOTE.test(line)) return quote(lines, at, inline);
  if (ITEM.test(line)) return list(lines, at, inline);
  if (line.includes("|") && at + 1 < lines.length && lines[at + 1].includes("-") && TABLE_RULE.test(lines[at + 1])) {
    return table(lines, at, inline);
  }
  return paragraph(lines, at, inline);
}

function fence(lines, start) {
  const mark = lines[start].trim().match(/^(`+|~+)/)[1];
  let at = start + 1;
  while (at < lines.length && !lines[at].trim().startsWith(mark)) at += 1;
  return [h("pre", {}, h("code", {}, decode(lines.slice(start + 1, at).join("\n")))), at + 1];
}

function quote(lines, start, inline) {
  let at = start;
  const inner = [];
  while (at < lines.length && QUOTE.test(lines[at])) inner.push(lines[at++].match(QUOTE)[1]);
  return [h("blockquote", {}, blocks(inner, inline)), at];
}

function list(lines, start, inline) {
  const [, indent, bullet, number] = lines[start].match(ITEM);
  const node = bullet ? h("ul") : h("ol", { start: number });
  let at = start;
  while (at < lines.length) {
    const item = lines[at].match(ITEM);
    if (!item || item[1].length !== indent.length || Boolean(item[2]) !== Boolean(bullet)) break;
    const inner = [];
    at += 1;
    while (at < lines.length && belongs(lines, at, indent.length)) inner.push(lines[at++].replace(/^( {2,4}|\t)/, ""));
    const nested = inner.length && !ITEM.test(inner[0]) && inner[0].trim() ? [[item[4], inner.shift()].join("\n")] : [item[4]];
    node.append(h("li", {}, inline(nested[0]), blocks(inner, inline)));
    while (at + 1 < lines.length && !lines[at].trim() && sameList(lines[at + 1], indent.length, bullet)) at += 1;
  }
  return [node, at];
}

/** Whether a line continues the item above it: indented deeper than its marker, or a blank line before such a line. */
function belongs(lines, at, indent) {
  const deeper = (line) => line !== undefined && line.trim() !== "" && line.match(/^\s*/)[0].length > indent;
  return deeper(lines[at]) || (!lines[at].trim() && deeper(lines[at + 1]));
}

function sameList(line, indent, bullet) {
  const item = line.match(ITEM);
  return item !== null && item[1].length === indent && Boolean(item[2]) === Boolean(bullet);
}

function table(lines, start, inline) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const head = h("tr", {}, cells(lines[start]).map((cell) => h("th", {}, inline(cell))));
  const body = h("tbody");
  let at = start + 2;
  while (at < lines.length && lines[at].includes("|")) {
    body.append(h("tr", {}, cells(lines[at]).map((cell) => h("td", {}, inline(cell)))));
    at += 1;
  }
  return [h("div", { class: "table" }, h("table", {}, h("thead", {}, head), body)), at];
}

function paragraph(lines, start, inline) {
  let at = start + 1;
  const interrupts = (line) => !line.trim() || FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || ITEM.test(line) || RULE.test(line);
  while (at < lines.length && !interrupts(lines[at])) at += 1;
  return [h("p", {}, inline(lines.slice(start, at).join("\n"))), at];
}
