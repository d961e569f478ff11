// What the server says unasked: what replies show. Opens again when it breaks, later each time.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const QUIET_WHEN_HIDDEN = 60_000; // a browser gives one host six connections: hidden pages give theirs back

export class Stream {
  #source = null;
  #wait = FIRST_WAIT;
  #timer = 0;
  #hiding = 0;
  #isWanted = false;

  /** `onReply(frame)`, `onOpen()` each time it stands (load anew what is shown), `onLost()`, `onBehind()`, `onErased()`. */
  constructor(handlers) {
    this.handlers = handlers;
    document.addEventListener("visibilitychange", () => this.#onVisibility());
    addEventListener("online", () => this.#hurry());
    addEventListener("pagehide", () => this.#disconnect());
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
  }

  open() {
    this.#isWanted = true;
    this.#connect();
  }

  close() {
    this.#isWanted = false;
    this.#disconnect();
  }

  #connect() {
    this.#disconnect();
    const source = new EventSource("/web/stream");
    this.#source = source;
    source.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.handlers.onOpen();
    };
    source.addEventListener("reply", (event) => this.handlers.onReply(JSON.parse(event.data)));
    source.addEventListener("behind", () => this.handlers.onBehind());
    source.addEventListener("erased", () => this.handlers.onErased());
    source.onerror = () => this.#onError();
  }

  #onError() {
    this.#disconnect();
    if (!this.#isWanted) return;
    this.handlers.onLost();
    this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #hurry() {
    if (this.#isWanted && this.#source === null) this.#connect();
  }

  #disconnect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #onVisibility() {
    clearTimeout(this.#hiding);
    if (document.hidden) this.#hiding = setTimeout(() => this.#disconnect(), QUIET_WHEN_HIDDEN);
    else this.#hurry();
  }
}
