// The field where a person types: Enter sends, "@" offers names, "/" offers commands.
import { avatar, h, icon } from "/page/dom.js";
import { t } from "/page/words.js";

export class Composer {
  /** `send(text)` resolves when the message was taken; `people()` lists who can be mentioned. */
  constructor(testid, send, people) {
    this.send = send;
    this.people = people;
    this.field = h("textarea", {
      rows: 1,
      "data-testid": testid,
      "aria-autocomplete": "list",
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onblur: () => setTimeout(() => this.offer([]), 150),
    });
    this.options = h("ul", { class: "offers", role: "listbox", hidden: true });
    this.button = h("button", { type: "submit", class: "send", "aria-label": t("send"), title: t("send"), "data-testid": `${testid}-send` }, icon("send"));
    const submit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.node = h("form", { class: "composer", onsubmit: submit }, this.options, h("div", { class: "box" }, this.field, this.button), h("p", { class: "hint" }, t("hint")));
    this.offered = [];
    this.changed();
  }

  label(text) {
    this.field.placeholder = text;
    this.field.setAttribute("aria-label", text);
  }

  fill(text) {
    this.field.value = text;
    this.changed();
    this.field.focus();
  }

  changed() {
    this.button.disabled = !this.field.value.trim();
    this.field.style.height = "";
    const needed = this.field.value ? this.field.scrollHeight : 0; // 0 as long as the field is not in the page
    if (needed) this.field.style.height = `${Math.min(needed, 200)}px`;
    this.offer(this.matches());
  }

  matches() {
    const before = this.field.value.slice(0, this.field.selectionStart ?? 0);
    const handle = before.match(/(?:^|[^\w@.])@([\w.-]*)$/);
    if (handle) {
      const wanted = handle[1].toLowerCase();
      const fits = (person) => person.name.startsWith(wanted) || person.real_name.toLowerCase().startsWith(wanted);
      return this.people().filter(fits).map((person) => ({ person, insert: `@${person.name} `, replace: handle[1].length + 1 }));
    }
    if (/^\/\w*$/.test(before) && "/faq".startsWith(before)) return [{ text: t("faqHint"), insert: "/faq ", replace: before.length }];
    return [];
  }

  offer(matches) {
    this.offered = matches;
    this.active = 0;
    this.options.hidden = !matches.length;
    this.drawOffers();
  }

  drawOffers() {
    const row = (match, index) => {
      const pick = (event) => {
        event.preventDefault();
        this.take(match);
      };
      const name = match.person ? [avatar(match.person), h("strong", {}, match.person.name), h("span", {}, match.person.is_bot ? t("app") : match.person.real_name)] : match.text;
      return h("li", { role: "option", "aria-selected": String(index === this.active), onmousedown: pick }, name);
    };
    this.options.replaceChildren(...this.offered.map(row));
  }

  take(match) {
    const at = this.field.selectionStart;
    const rest = this.field.value.slice(at);
    const head = this.field.value.slice(0, at - match.replace) + match.insert;
    this.field.value = head + rest.replace(/^ /, "");
    this.field.setSelectionRange(head.length, head.length);
    this.changed();
    this.field.focus();
  }

  key(event) {
    if (event.isComposing) return;
    if (this.offered.length && ["ArrowDown", "ArrowUp", "Tab", "Enter", "Escape"].includes(event.key)) {
      event.preventDefault();
      this.keyInOffers(event.key);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  keyInOffers(key) {
    if (key === "Escape") return this.offer([]);
    if (key === "Tab" || key === "Enter") return this.take(this.offered[this.active]);
    const step = key === "ArrowDown" ? 1 : -1;
    this.active = (this.active + step + this.offered.length) % this.offered.length;
    return this.drawOffers();
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text || this.sending) return;
    this.sending = true;
    try {
      if (await this.send(text)) this.fill("");
    } finally {
      this.sending = false;
    }
  }
}
