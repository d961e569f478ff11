// The list of past conversations; a drawer where the screen is narrow.
import { byId, h } from "./dom.js";
import { locale, t } from "./words.js";

const NARROW = matchMedia("(max-width: 820px)");
const DAY = 86_400_000;

export class Sidebar {
  #sidebar = byId("sidebar");
  #nav = byId("threads");
  #menu = byId("menu");
  #backdrop = byId("backdrop");
  #threads = [];
  #hasMore = false;
  #current = null;

  constructor(handlers) {
    this.handlers = handlers;
    this.#menu.addEventListener("click", () => this.#setOpen(true));
    this.#backdrop.addEventListener("click", () => this.close());
    this.#sidebar.addEventListener("keydown", (event) => this.#onKey(event));
    NARROW.addEventListener("change", () => this.#setOpen(false));
    this.#setOpen(false);
  }

  get isOpen() {
    return !this.#backdrop.hidden;
  }

  /** Replace the beginning of the list; what was loaded further down stays. */
  show({ threads, more }) {
    const loaded = new Set(threads.map(({ thread }) => thread));
    const older = this.#threads.filter(({ thread }) => !loaded.has(thread));
    const isWhole = this.#threads.length <= threads.length || !more;
    this.#threads = isWhole ? threads : [...threads, ...older];
    if (isWhole) this.#hasMore = more;
    this.draw();
  }

  add({ threads, more }) {
    const loaded = new Set(this.#threads.map(({ thread }) => thread));
    this.#threads = [...this.#threads, ...threads.filter(({ thread }) => !loaded.has(thread))];
    this.#hasMore = more;
    this.draw();
  }

  clear() {
    this.#threads = [];
    this.#hasMore = false;
    this.draw();
  }

  lastThread() {
    return this.#threads.at(-1)?.thread;
  }

  titleOf(thread) {
    return this.#threads.find((known) => known.thread === thread)?.title;
  }

  mark(thread) {
    this.#current = thread;
    this.draw();
  }

  draw() {
    const focused = this.#nav.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const nodes = [];
    for (const [period, threads] of groups(this.#threads)) {
      nodes.push(h("h2", {}, t(period)), h("ul", {}, threads.map((thread) => h("li", {}, this.#link(thread)))));
    }
    if (!nodes.length) nodes.push(h("p", { class: "nothing" }, t("no_threads")));
    if (this.#hasMore) nodes.push(h("button", { class: "quiet", onclick: () => this.handlers.onMore() }, t("more_threads")));
    this.#nav.replaceChildren(...nodes);
    if (focused) this.#nav.querySelector(`[href="${focused}"]`)?.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.#setOpen(false);
    this.#menu.focus();
  }

  #link({ thread, title, last_at }) {
    const properties = {
      href: `#${thread}`,
      title: new Date(last_at).toLocaleString(locale()),
      "aria-current": thread === this.#current ? "page" : null,
      "data-testid": "thread",
      onclick: () => this.close(),
    };
    return h("a", properties, title || t("untitled"));
  }

  #setOpen(isOpen) {
    this.#backdrop.hidden = !isOpen;
    this.#sidebar.classList.toggle("open", isOpen);
    this.#sidebar.inert = NARROW.matches && !isOpen;
    document.querySelector(".conversation").inert = isOpen;
    this.#menu.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) byId("new").focus();
  }

  #onKey(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    }
  }
}

/** Threads by when they were last spoken in, in the reader's own days. */
function groups(threads) {
  const today = new Date().setHours(0, 0, 0, 0);
  const period = (time) =>
    time >= today ? "today" : time >= today - DAY ? "yesterday" : time >= today - 6 * DAY ? "week" : "older";
  const found = new Map();
  for (const thread of threads) {
    const key = period(new Date(thread.last_at).getTime());
    found.set(key, [...(found.get(key) ?? []), thread]);
  }
  return found;
}
