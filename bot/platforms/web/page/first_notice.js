// What somebody is told at first contact about what is kept of them. It stands above the question box and hinders nobody
// from asking; once it was read, or somebody asked below it, that is recorded and it does not come again.
import { api } from "./api.js";
import { byId } from "./dom.js";
import { spoken } from "./words.js";

export class FirstNotice {
  #notice = null;

  /** `onMore()`: somebody wants to see what is theirs. */
  constructor(handlers) {
    byId("kept-read").addEventListener("click", () => {
      this.read();
      byId("question").focus(); // the button that was pressed goes away
    });
    byId("kept-more").addEventListener("click", () => handlers.onMore());
  }

  /** `notice`: its version and text; null: they were told. */
  show(notice) {
    this.#notice = notice;
    this.draw();
  }

  draw() {
    byId("kept").hidden = this.#notice === null;
    byId("kept-text").textContent = this.#notice === null ? "" : spoken(this.#notice.text);
  }

  read() {
    if (this.#notice === null) return;
    api.told(this.#notice.version).catch(() => null); // not recorded: it comes again with the next visit
    this.show(null);
  }
}
