// Where a question is written. Keeps what was not sent, for each conversation; sends a question once however often it
// has to be tried.
import { newNonce } from "./api.js";
import { byId } from "./dom.js";
import { store, stored } from "./storage.js";
import { t } from "./words.js";

const TOUCH = matchMedia("(pointer: coarse)"); // there, Enter makes a line and the button sends
const TALLEST = 0.4; // of the window

export class Composer {
  #form = byId("composer");
  #field = byId("question");
  #button = byId("send");
  #key = null;
  #attempt = { text: null, nonce: null };
  #isSending = false;
  #canStop = false;

  /** `onSend(text, nonce)` resolves to whether the question was taken; `onStop()`. */
  constructor(handlers) {
    this.handlers = handlers;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#press();
    });
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    this.#field.addEventListener("input", () => this.#onInput());
  }

  /** Take up the draft of this conversation (`key`: user and thread). */
  open(key) {
    if (key === this.#key) return;
    this.#key = key;
    this.#write(stored(`draft.${key}`) ?? "");
  }

  /** Nothing that was typed here stays, nor its draft. */
  forget() {
    if (this.#key) store(`draft.${this.#key}`, "");
    this.#key = null;
    this.#attempt = { text: null, nonce: null };
    this.#write("");
  }

  suggest(text) {
    this.#write(text);
    this.focus();
  }

  /** On a touch screen the keyboard would jump up: only where asked for by hand. */
  focus() {
    if (!TOUCH.matches) this.#field.focus();
  }

  setStoppable(canStop) {
    this.#canStop = canStop;
    this.#show();
  }

  #write(text) {
    this.#field.value = text;
    this.#onInput();
  }

  #onInput() {
    if (this.#key) store(`draft.${this.#key}`, this.#field.value);
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, innerHeight * TALLEST)}px`;
    this.#show();
  }

  #onKey(event) {
    const isComposing = event.isComposing || event.keyCode === 229; // Enter chooses a word of the input method
    if (event.key !== "Enter" || event.shiftKey || isComposing || TOUCH.matches) return;
    event.preventDefault();
    if (this.#field.value.trim()) this.#press();
  }

  async #press() {
    const text = this.#field.value.trim();
    if (!text) {
      if (this.#canStop) this.handlers.onStop();
      return;
    }
    if (this.#isSending) return;
    if (this.#attempt.text !== text || this.#attempt.key !== this.#key) {
      this.#attempt = { text, key: this.#key, nonce: newNonce() };
    }
    this.#isSending = true;
    this.#show();
    const key = this.#key;
    try {
      if (await this.handlers.onSend(text, this.#attempt.nonce)) this.#sent(key, text);
    } finally {
      this.#isSending = false;
      this.#show();
    }
  }

  /** What was typed on while it was sent stays. */
  #sent(key, text) {
    this.#attempt = { text: null, nonce: null };
    if (stored(`draft.${key}`)?.trim() === text) store(`draft.${key}`, "");
    if (this.#field.value.trim() === text) this.#write("");
  }

  #show() {
    const isStop = this.#canStop && !this.#field.value.trim();
    this.#form.classList.toggle("stopping", isStop);
    this.#button.disabled = this.#isSending || (!isStop && !this.#field.value.trim());
    this.#button.setAttribute("aria-label", t(isStop ? "stop" : "send"));
    this.#button.title = t(isStop ? "stop" : "send");
  }
}
