// What stands below an answer: where it comes from, what can be chosen, what the reader thinks of it.
import { h, icon } from "./dom.js";
import { t } from "./words.js";

const COMMENT_CHARACTERS = 3_000;
const CHECK = "M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0ZM6.6 10.3l2.3 2.4 4.6-5.2";
const THUMB = "M6.5 9.2 9.4 3c1.3 0 2.2 1 2 2.3L11 8h4a1.7 1.7 0 0 1 1.6 2.1l-1.2 5a1.9 1.9 0 0 1-1.8 1.5H6.5ZM3.4 9.2h3.1v7.4H3.4Z";

/** A line below an answer: where it comes from. The server lets web addresses through alone. */
export function sourceLine(source) {
  const title = source.url
    ? h("a", { href: source.url, target: "_blank", rel: "noopener noreferrer" }, source.title)
    : source.title;
  const facts = source.facts.map((fact) => h("span", { class: "fact" }, fact));
  if (source.warning) facts.push(h("span", { class: "fact warning" }, source.warning));
  const shape = { class: source.is_verified ? "source verified" : "source", "data-testid": "source" };
  return h("p", shape, source.is_verified && icon(CHECK), h("strong", {}, source.kind), h("span", { class: "fact" }, title), facts);
}

/** `onChoose(number)`: null for none of them. */
export function choices(reply, onChoose) {
  const buttons = reply.buttons.filter(({ act }) => act === "choose" || act === "decline");
  if (!buttons.length) return [];
  const button = ({ act, label, number }) =>
    h("button", { type: "button", class: act, "data-testid": act, onclick: () => onChoose(act === "choose" ? number : null) }, label);
  return [h("div", { class: "offers", role: "group", "aria-label": reply.text }, buttons.map(button))];
}

/** A button for a person's answer, which asks once more before it does so. `onAsk()` says whether it was taken. */
export function peopleOffer(reply, onAsk) {
  const offer = reply.buttons.find(({ act }) => act === "ask_people");
  if (!offer) return [];
  const { title, text, yes_label, no_label } = offer.confirmation;
  const place = h("div", { class: "people" });
  const ask = h("button", { type: "button", class: "ask-people", "data-testid": "ask-people" }, offer.label);
  const yes = h("button", { type: "button", class: "send-comment", "data-testid": "ask-people-yes", onclick: () => onAsk() }, yes_label);
  const no = h("button", { type: "button", onclick: () => back() }, no_label);
  const box = h("div", { class: "comment", role: "group", "aria-label": title }, h("p", {}, text), h("div", { class: "acts" }, yes, no));
  const back = () => {
    place.replaceChildren(ask);
    ask.focus();
  };
  ask.addEventListener("click", () => {
    place.replaceChildren(box);
    yes.focus();
  });
  place.append(ask);
  return [place];
}

/** `verdict`: what the reader thinks so far, or null. */
export function thumbs(reply, verdict, onJudge) {
  if (!reply.thumbs) return [];
  const thumb = (name) =>
    h(
      "button",
      { type: "button", class: `thumb ${name}`, "aria-pressed": String(verdict === name), "data-testid": `thumb-${name}`, onclick: () => onJudge(name) },
      icon(THUMB),
      reply.thumbs[name],
    );
  return [thumb("up"), thumb("down")];
}

/** The box that asks what was wrong. `onSend(comment)`; `onClose()` without one. */
export function commentBox(onSend, onClose) {
  const field = h("textarea", { id: "comment", rows: 3, maxlength: COMMENT_CHARACTERS, placeholder: t("comment_placeholder"), "data-testid": "comment" });
  const send = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text) onSend(text);
    else field.focus();
  };
  const onKey = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // elsewhere it stops an answer
    onClose();
  };
  const box = h(
    "form",
    { class: "comment", onsubmit: send, onkeydown: onKey, "data-testid": "comment-box" },
    h("label", { for: "comment" }, t("comment_label")),
    field,
    h("p", { class: "small" }, t("comment_who_reads")),
    h(
      "div",
      { class: "acts" },
      h("button", { class: "send-comment", "data-testid": "comment-send" }, t("comment_send")),
      h("button", { type: "button", onclick: onClose }, t("close")),
    ),
  );
  return { box, focus: () => field.focus() };
}
