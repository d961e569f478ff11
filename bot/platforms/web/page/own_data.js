// The place where people see what is kept about them, take it with them, and have it erased.
import { api } from "./api.js";
import { byId, h } from "./dom.js";
import { spoken, t } from "./words.js";

const FILE = "/web/own-data/file";

export class OwnData {
  #dialog = byId("own-data-dialog");

  /** `onErased()`: nothing is kept any more. */
  constructor(handlers) {
    this.handlers = handlers;
  }

  async open() {
    this.#draw("own_data", [], [this.#close()]);
    if (!this.#dialog.open) this.#dialog.showModal();
    try {
      this.#show(await api.ownData());
    } catch (error) {
      this.#tell(error);
    }
  }

  #show({ held, notice }) {
    const file = h("a", { class: "button", href: FILE, download: "", "data-testid": "own-data-file" }, t("own_data_file"));
    const erase = this.#button("own_data_erase", () => this.#confirm(), "danger");
    const said = h("p", { "data-testid": "own-data-held" }, spoken(held));
    this.#draw("own_data", [said, h("p", {}, file), h("p", { class: "small" }, spoken(notice))], [this.#close(), erase]);
  }

  #confirm() {
    const said = [h("p", {}, t("own_data_goes")), h("p", { class: "small" }, t("own_data_stays"))];
    const keep = this.#button("own_data_keep", () => this.open());
    const erase = this.#button("own_data_erase_really", () => this.#erase([keep, erase]), "danger");
    this.#draw("own_data_sure", said, [keep, erase]);
    keep.focus();
  }

  async #erase(buttons) {
    buttons.forEach((button) => (button.disabled = true));
    buttons.at(-1).textContent = t("own_data_erasing");
    try {
      const { said } = await api.eraseOwnData();
      this.#draw("own_data", [h("p", { "data-testid": "own-data-erased" }, spoken(said))], [this.#close()]);
      this.handlers.onErased();
    } catch (error) {
      this.#draw("own_data", [], [this.#close()]);
      this.#tell(error);
    }
  }

  #draw(heading, parts, choices) {
    byId("own-data-heading").textContent = t(heading);
    byId("own-data-parts").replaceChildren(...parts);
    byId("own-data-choices").replaceChildren(...choices);
    byId("own-data-problem").textContent = "";
    byId("own-data-heading").focus();
  }

  #button(key, onclick, shape = null) {
    return h("button", { type: "button", class: shape, onclick, "data-testid": key.replaceAll("_", "-") }, t(key));
  }

  #close() {
    return this.#button("close", () => this.#dialog.close());
  }

  #tell(error) {
    if (error.code === "signed_out") location.reload();
    const words = error.code === "too_many" ? "own_data_wait" : "own_data_failed";
    const ours = t(words, { seconds: error.retryAfterSeconds, message: error.message });
    byId("own-data-problem").textContent = error.said ? spoken(error.said) : ours;
  }
}
