// Markdown blocks → nodes: what an answer needs. What it does not know stays visible as text; nothing is ever parsed
// as markup.
import { h } from "./dom.js";
import { inline } from "./inline.js";

const DEEPEST = 6;
const FENCE = /^ {0,3}```([\w+#.-]*) *$/; // as the server leaves them
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Nodes of the text. `codeBlock(code, language)` makes the node of a fence. */
export function markdown(text, codeBlock) {
  return blocks(text.split("\n"), codeBlock, 0);
}

function blocks(lines, codeBlock, depth) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, codeBlock, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function block(lines, at, codeBlock, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return fence(lines, at, codeBlock);
  const heading = line.match(HEADING);
  // The page has an h1 and each turn an h2 of its own.
  if (heading) return [h(`h${Math.min(6, heading[1].length + 2)}`, {}, inline(heading[2])), at + 1];
  if (RULE.test(line)) return [h("hr"), at + 1];
  if (depth < DEEPEST && QUOTE.test(line)) return quote(lines, at, codeBlock, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, codeBlock, depth);
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, depth);
}

function fence(lines, start, codeBlock) {
  let end = start + 1;
  while (end < lines.length && !/^ {0,3}``` *$/.test(lines[end])) end += 1;
  return [codeBlock(lines.slice(start + 1, end).join("\n"), lines[start].match(FENCE)[1]), end + 1];
}

function quote(lines, start, codeBlock, depth) {
  const inner = [];
  let at = start;
  while (at < lines.length && QUOTE.test(lines[at])) {
    inner.push(lines[at].match(QUOTE)[1]);
    at += 1;
  }
  return [h("blockquote", {}, blocks(inner, codeBlock, depth + 1)), at];
}

/** Items of one indentation and kind; what is indented deeper belongs to the item above it. */
function list(lines, start, codeBlock, depth) {
  const [, indent, number] = lines[start].match(ITEM);
  const node = number ? h("ol", { start: number === "1" ? null : number }) : h("ul");
  let at = start;
  while (at < lines.length) {
    const item = lines[at].match(ITEM);
    if (!item || item[1].length !== indent.length || Boolean(item[2]) !== Boolean(number) || RULE.test(lines[at])) break;
    const inner = [item[3]];
    at += 1;
    while (at < lines.length && belongs(lines, at, indent.length)) {
      inner.push(lines[at].replace(/^(?: {1,4}|\t)/, ""));
      at += 1;
    }
    node.append(h("li", {}, tight(blocks(inner, codeBlock, depth + 1))));
    if (at < lines.length && !lines[at].trim() && continues(lines[at + 1], indent.length, number)) at += 1;
  }
  return [node, at];
}

function belongs(lines, at, indent) {
  const isDeeper = (line) => line !== undefined && line.trim() !== "" && line.match(/^\s*/)[0].length > indent;
  return isDeeper(lines[at]) || (!lines[at].trim() && isDeeper(lines[at + 1]));
}

function continues(line, indent, number) {
  const item = line?.match(ITEM);
  return Boolean(item) && item[1].length === indent && Boolean(item[2]) === Boolean(number);
}

/** The first paragraph of an item without a paragraph's margins. */
function tight(nodes) {
  return nodes[0]?.tagName === "P" ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes;
}

function isTable(lines, at) {
  const next = lines[at + 1];
  return lines[at].includes("|") && next !== undefined && next.includes("-") && TABLE_RULE.test(next);
}

function table(lines, start) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));
  const row = (tag, line) => h("tr", {}, cells(line).map((cell) => h(tag, {}, cell)));
  const body = h("tbody");
  let at = start + 2;
  while (at < lines.length && lines[at].includes("|")) {
    body.append(row("td", lines[at]));
    at += 1;
  }
  return [h("div", { class: "table", tabindex: "0" }, h("table", {}, h("thead", {}, row("th", lines[start])), body)), at];
}

function paragraph(lines, start, depth) {
  let at = start + 1;
  while (at < lines.length && !interrupts(lines, at, depth)) at += 1;
  return [h("p", {}, inline(lines.slice(start, at).map((line) => line.trim()).join("\n"))), at];
}

function interrupts(lines, at, depth) {
  const line = lines[at];
  const isNested = depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
  return !line.trim() || isNested || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || isTable(lines, at);
}
