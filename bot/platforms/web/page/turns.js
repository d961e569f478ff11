// The conversation: each question with its reply, along one thread.
import { copyButton } from "./copying.js";
import { byId, h, patchChildren } from "./dom.js";
import { markdown } from "./markdown.js";
import { choices, commentBox, peopleOffer, sourceLine, thumbs } from "./offers.js";
import { t } from "./words.js";

const NEAR_THE_END = 90; // pixels: a reader who is that close wants to see what comes

export class Turns {
  #list = byId("turns");
  #scroller = byId("scroller");
  #newest = byId("newest");
  #turns = new Map(); // by reply id: { turn, reply, verdict, nodes }
  #isAtEnd = true;

  /**
   * What the buttons ask for: `onStop(reply)`, `onAgain(reply)`, `onChoose(reply, number)`, `onAskPeople(reply)`, and
   * `onJudge(reply, verdict, comment)`, which says whether that was taken.
   */
  constructor(handlers) {
    this.handlers = handlers;
    this.#scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.#newest.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#isAtEnd && this.toEnd()).observe(this.#list);
  }

  has(replyId) {
    return this.#turns.has(replyId);
  }

  clear() {
    this.#turns.clear();
    this.#list.replaceChildren();
    this.#isAtEnd = true;
    this.#newest.hidden = true;
  }

  /** Show these turns: new ones are put in their order, known ones take what is newer. */
  show(turns) {
    for (const turn of turns) {
      if (!this.has(turn.reply.reply)) {
        this.#add(turn);
        continue;
      }
      if (turn.verdict) this.#turns.get(turn.reply.reply).verdict = turn.verdict;
      this.update(turn.reply);
    }
  }

  /** Whether the frame has brought the end of a reply, or another text than it ended with before. */
  update(frame) {
    const known = this.#turns.get(frame.reply);
    if (!known || frame.number < known.reply.number) return false;
    const isNews = known.reply.phase !== "final" || frame.text !== known.reply.text;
    if (isNews) this.#closeComment(known);
    if (isNews && known.reply.phase === "final") known.verdict = null; // it was on another text
    known.reply = frame;
    this.#draw(known);
    return isNews && frame.phase === "final";
  }

  /** The reply that is being written or waits, the last one if there are several. */
  openReply() {
    const open = [...this.#turns.values()].filter(({ reply }) => reply.phase !== "final");
    return open.at(-1)?.reply ?? null;
  }

  firstExchange() {
    return Math.min(...[...this.#turns.values()].map(({ turn }) => turn.exchange));
  }

  /** In the page's language, after that changed. */
  redraw() {
    for (const known of this.#turns.values()) {
      known.nodes.asked.textContent = t(askedLabel(known.turn));
      known.nodes.heading.textContent = t("answer");
      known.nodes.body.replaceChildren();
      this.#draw(known);
    }
  }

  toEnd() {
    this.#isAtEnd = true;
    this.#scroller.scrollTop = this.#turns.size ? this.#scroller.scrollHeight : 0; // what greets has its heading on top
    this.#newest.hidden = true;
  }

  /** Keep what the reader looks at where it is while turns are put in above. */
  keepPlace(change) {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    this.#isAtEnd = false;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
  }

  #add(turn) {
    const nodes = {
      asked: h("h2", { class: "unseen" }, t(askedLabel(turn))),
      heading: h("h3", { class: "unseen" }, t("answer")),
      body: h("div", { class: "body", "data-testid": "answer" }),
      source: h("div"),
      note: h("p", { class: "note", "data-testid": "note" }),
      offers: h("div"),
      people: h("div"),
      acts: h("div", { class: "acts" }),
      comment: h("div", { "aria-live": "polite" }),
    };
    const parts = [nodes.heading, nodes.body, nodes.source, nodes.note, nodes.offers, nodes.people, nodes.acts, nodes.comment];
    nodes.reply = h("article", { class: "reply", tabindex: "-1" }, parts);
    const question = h("div", { class: "question", "data-testid": "asked" }, turn.question || t("untitled"));
    // Neither shows the question once more: it was asked before, or answered by somebody since.
    const isLater = turn.is_again || turn.is_relayed;
    nodes.item = h("li", { class: isLater ? "turn again" : "turn" }, nodes.asked, question, nodes.reply);
    if (isLater) nodes.asked.className = turn.is_relayed ? "asked-again relayed" : "asked-again";
    const known = { turn, reply: turn.reply, verdict: turn.verdict, nodes };
    this.#turns.set(turn.reply.reply, known);
    this.#list.insertBefore(nodes.item, this.#first(turn.exchange));
    this.#draw(known);
  }

  /** The node of the first turn after this exchange. */
  #first(exchange) {
    const later = [...this.#turns.values()].filter((known) => known.turn.exchange > exchange);
    later.sort((one, other) => one.turn.exchange - other.turn.exchange);
    return later[0]?.nodes.item ?? null;
  }

  #draw(known) {
    const { reply, nodes } = known;
    nodes.reply.dataset.phase = reply.phase;
    nodes.reply.setAttribute("aria-busy", String(reply.phase !== "final"));
    const text = reply.phase === "status" ? reply.text || t("working") : reply.text;
    patchChildren(nodes.body, markdown(text, codeBlock));
    nodes.note.textContent = reply.note;
    nodes.note.hidden = !reply.note;
    patchChildren(nodes.source, reply.sources.map(sourceLine));
    patchChildren(nodes.offers, choices(reply, (number) => this.#choose(known, number)));
    patchChildren(nodes.people, peopleOffer(reply, () => this.#askPeople(known)));
    patchChildren(nodes.acts, this.#acts(known));
    this.#newest.hidden = this.#isAtEnd || this.openReply() === null;
  }

  #acts(known) {
    const { reply } = known;
    if (reply.phase !== "final") {
      const stop = h("button", { type: "button", "data-testid": "stop", onclick: () => this.handlers.onStop(reply.reply) }, t("stop"));
      return reply.can_stop ? [stop] : [];
    }
    const again = h("button", { type: "button", "data-testid": "again", onclick: () => this.handlers.onAgain(reply.reply) }, t("again"));
    const text = () => this.#turns.get(reply.reply)?.reply.text ?? "";
    const judged = thumbs(reply, known.verdict, (verdict) => this.#judge(known, verdict));
    return [...judged, copyButton("copy", text, { "data-testid": "copy" }), again];
  }

  async #choose(known, number) {
    const buttons = known.nodes.offers.querySelectorAll("button");
    buttons.forEach((button) => (button.disabled = true));
    if (await this.handlers.onChoose(known.reply.reply, number)) known.nodes.reply.focus();
    else buttons.forEach((button) => (button.disabled = false));
  }

  async #askPeople(known) {
    if (await this.handlers.onAskPeople(known.reply.reply)) known.nodes.reply.focus();
  }

  async #judge(known, verdict) {
    this.#closeComment(known);
    if (!(await this.handlers.onJudge(known.reply.reply, verdict))) return;
    known.verdict = verdict;
    this.#draw(known);
    known.nodes.acts.querySelector(`[data-testid="thumb-${verdict}"]`)?.focus();
    if (verdict === "up") known.nodes.comment.textContent = t("thanks");
    else this.#askWhy(known);
  }

  #askWhy(known) {
    const close = (words) => {
      known.nodes.comment.replaceChildren(words);
      known.nodes.acts.querySelector('[data-testid="thumb-down"]')?.focus();
    };
    const send = async (comment) => {
      if (await this.handlers.onJudge(known.reply.reply, "down", comment)) close(t("thanks"));
    };
    const { box, focus } = commentBox(send, () => close(""));
    known.nodes.comment.replaceChildren(box);
    focus();
  }

  #closeComment(known) {
    known.nodes.comment.replaceChildren();
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    this.#newest.hidden = this.#isAtEnd || this.openReply() === null;
  }
}

function askedLabel(turn) {
  return turn.is_relayed ? "answered_by_person" : turn.is_again ? "asked_again" : "you_asked";
}

function codeBlock(code, language) {
  const button = copyButton("copy_code", () => code, { class: "copy-code", "data-testid": "copy-code" });
  const head = h("div", { class: "code-head" }, h("span", {}, language), button);
  return h("div", { class: "code" }, head, h("pre", { tabindex: "0" }, h("code", {}, code)));
}
