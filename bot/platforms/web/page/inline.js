// Text with marks → nodes: code, bold, italic, struck out, links. What does not close stays visible as it was written.
import { h } from "./dom.js";

const DEEPEST = 6;
const LINK = /\[([^[\]\n]+)\]\((https?:\/\/[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)\)/y;
const ADDRESS = /https?:\/\/[^\s<>`]*[^\s<>`.,;:!?)\]"'。，；：！？）】」]/y;
const ESCAPED = /\\([!-/:-@[-`{-~])/y;
const MARKS = [["**", "strong"], ["__", "strong"], ["~~", "del"], ["*", "em"], ["_", "em"]];
const WORD = /[\p{L}\p{N}_]/u;

/** The server has decided which addresses may stay links (`safe_markdown`); here only the scheme is looked at again. */
function link(url, children) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, children);
}

export function inline(text, depth = 0) {
  const nodes = [];
  const hopeless = new Set(); // marks that are not closed any more: searched for once
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = "";
  };
  while (at < text.length) {
    const found = special(text, at, depth, hopeless);
    if (found === null) {
      plain += text[at];
      at += 1;
      continue;
    }
    const [node, next] = found;
    if (typeof node === "string") plain += node;
    else {
      flush();
      nodes.push(node);
    }
    at = next;
  }
  flush();
  return nodes;
}

/** What begins at this place: a node or text, and where it ends; null: an ordinary character. */
function special(text, at, depth, hopeless) {
  switch (text[at]) {
    case "\n":
      return [h("br"), at + 1];
    case "\\": {
      const escaped = matchAt(ESCAPED, text, at);
      return escaped && [escaped[1], at + 2];
    }
    case "`":
      return code(text, at, hopeless);
    case "[": {
      const found = matchAt(LINK, text, at);
      return found && [link(found[2], depth < DEEPEST ? inline(found[1], DEEPEST) : found[1]), at + found[0].length];
    }
    case "h": {
      const found = at > 0 && WORD.test(text[at - 1]) ? null : matchAt(ADDRESS, text, at);
      return found && depth < DEEPEST ? [link(found[0], found[0]), at + found[0].length] : null;
    }
    case "*":
    case "_":
    case "~":
      return depth < DEEPEST ? marked(text, at, depth, hopeless) : null;
    default:
      return null;
  }
}

function code(text, at, hopeless) {
  const ticks = text.slice(at).match(/^`+/)[0];
  if (hopeless.has(ticks)) return [ticks, at + ticks.length];
  const end = text.indexOf(ticks, at + ticks.length);
  if (end < 0) {
    hopeless.add(ticks);
    return [ticks, at + ticks.length];
  }
  return [h("code", {}, text.slice(at + ticks.length, end)), end + ticks.length];
}

function marked(text, at, depth, hopeless) {
  for (const [mark, tag] of MARKS) {
    if (hopeless.has(mark) || !text.startsWith(mark, at)) continue;
    const start = at + mark.length;
    if (/\s/.test(text[start] ?? " ") || (mark[0] === "_" && at > 0 && WORD.test(text[at - 1]))) continue;
    const end = closing(text, start, mark);
    if (end < 0) {
      hopeless.add(mark);
      continue;
    }
    return [h(tag, {}, inline(text.slice(start, end), depth + 1)), end + mark.length];
  }
  return null;
}

/** Where the mark closes: not after a space; an underscore not inside a word, a single star not half of a double. */
function closing(text, start, mark) {
  for (let end = text.indexOf(mark, start + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    const next = text[end + mark.length] ?? " ";
    const isHalf = mark.length === 1 && (next === mark || text[end - 1] === mark);
    const isInside = mark[0] === "_" && WORD.test(next);
    if (!/\s/.test(text[end - 1]) && !isHalf && !isInside) return end;
  }
  return -1;
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
