// Block Kit → DOM nodes. Owns how each block looks; what a click does is told to it.
import { h } from "/page/dom.js";
import { emoji, link, mention } from "/page/inline.js";
import { markdown, mrkdwn } from "/page/markdown.js";
import { t } from "/page/words.js";

/** `surface`: {people, click(action_id, chosen)} */
export function renderBlocks(blocks, surface) {
  return blocks.map((block) => renderBlock(block, surface)).filter(Boolean);
}

const RENDERERS = {
  actions: (block, surface) => h("div", { class: "actions" }, block.elements.map((e) => element(e, surface))),
  context: (block, surface) => h("div", { class: "context" }, block.elements.map((e) => contextElement(e, surface))),
  context_actions: (block, surface) => h("div", { class: "actions" }, block.elements.map((e) => element(e, surface))),
  divider: () => h("hr"),
  header: (block) => h("h3", { class: "header" }, block.text.text),
  image: (block) => h("p", { class: "context" }, `🖼 ${block.alt_text}`),
  input: (block, surface) => inputBlock(block, surface),
  markdown: (block, surface) => h("div", { class: "prose" }, markdown(block.text, surface.people)),
  rich_text: (block, surface) => h("div", { class: "prose" }, block.elements.map((e) => richElement(e, surface))),
  section: (block, surface) => section(block, surface),
};

function renderBlock(block, surface) {
  const render = RENDERERS[block.type];
  return render ? render(block, surface) : h("p", { class: "context" }, `[${block.type}]`);
}

function textObject(text, surface) {
  return text.type === "mrkdwn" ? mrkdwn(text.text, surface.people) : [h("p", {}, text.text)];
}

function section(block, surface) {
  const fields = (block.fields ?? []).map((field) => h("div", {}, textObject(field, surface)));
  return h(
    "div",
    { class: "section" },
    h("div", { class: "prose" }, block.text ? textObject(block.text, surface) : null),
    fields.length ? h("div", { class: "fields prose" }, fields) : null,
    block.accessory ? element(block.accessory, surface) : null,
  );
}

function contextElement(part, surface) {
  return part.type === "image" ? h("span", {}, part.alt_text) : h("span", {}, textObject(part, surface));
}

function element(part, surface) {
  if (part.type === "button" || part.type === "icon_button") return button(part, surface, undefined);
  if (part.type === "feedback_buttons") {
    return h(
      "span",
      { class: "actions" },
      button({ ...part.positive_button, action_id: part.action_id, mark: "👍 " }, surface, "positive"),
      button({ ...part.negative_button, action_id: part.action_id, mark: "👎 " }, surface, "negative"),
    );
  }
  if (part.options || part.option_groups) return select(part, surface);
  return h("span", { class: "context" }, `[${part.type}]`);
}

function button(part, surface, chosen) {
  const label = (part.mark ?? "") + (part.text?.text ?? part.alt_text ?? part.action_id).replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name));
  const attributes = {
    class: `button ${part.style ?? ""}`,
    type: "button",
    "data-testid": `action-${part.action_id}${chosen ? `-${chosen}` : ""}`,
    "aria-label": part.accessibility_label,
    // As Slack does with a confirmation: nothing is sent until the person is sure.
    onclick: (event) => (!part.confirm || confirm(part.confirm.text.text)) && surface.click(part.action_id, chosen, event.currentTarget),
  };
  const node = h("button", attributes, label);
  return part.url ? h("span", {}, node, " ", link(part.url, "↗")) : node;
}

function select(part, surface) {
  const options = part.options ?? part.option_groups.flatMap((group) => group.options);
  const choose = (event) => {
    const option = options[event.target.selectedIndex - 1];
    if (option) surface.click(part.action_id, option, event.target);
  };
  const label = part.placeholder?.text ?? t("choose");
  return h(
    "select",
    { "aria-label": label, onchange: choose, "data-testid": `action-${part.action_id}` },
    h("option", {}, label),
    options.map((option) => h("option", {}, option.text.text)),
  );
}

// ── inputs in modals ────────────────────────────────────────────────────────

function inputBlock(block) {
  const id = `input-${block.block_id}`;
  const part = block.element;
  const label = h("label", { for: id }, block.label.text, block.optional ? "" : " *");
  const hint = block.hint ? h("p", { class: "context" }, block.hint.text) : null;
  const problem = h("p", { class: "problem", role: "alert", "data-problem": block.block_id });
  const marks = { "data-block": block.block_id, "data-action": part.action_id, "data-kind": part.type };
  return h("div", { class: "field" }, label, inputElement(part, { id, ...marks, required: !block.optional }), hint, problem);
}

function inputElement(part, attributes) {
  const placeholder = part.placeholder?.text;
  const testid = { "data-testid": `input-${attributes["data-block"]}` };
  if (part.type === "checkboxes") {
    const box = (option) => h("input", { type: "checkbox", value: option.value });
    const boxes = part.options.map((option) => h("label", { class: "choice" }, box(option), " ", option.text.text));
    return h("div", { "data-block": attributes["data-block"], ...testid }, boxes);
  }
  if (part.options) {
    const chosen = part.initial_option?.value;
    const made = (option) => h("option", { value: option.value, selected: option.value === chosen || undefined }, option.text.text);
    const none = chosen ? null : h("option", { value: "" }, placeholder ?? t("choose"));
    return h("select", { ...attributes, ...testid }, none, part.options.map(made));
  }
  const most = { maxlength: part.max_length, placeholder };
  if (part.multiline) return h("textarea", { ...attributes, ...testid, ...most, rows: 4 }, part.initial_value ?? "");
  const type = { datepicker: "date", timepicker: "time", number_input: "number", email_text_input: "email" }[part.type];
  const value = part.initial_value ?? part.initial_date;
  return h("input", { ...attributes, ...testid, ...most, type: type ?? "text", value });
}

/** The state of a form's inputs as Slack sends it: {block_id: {action_id: {type, value}}}. */
export function valuesOf(form, view) {
  const values = {};
  for (const block of view.blocks.filter((candidate) => candidate.type === "input")) {
    const part = block.element;
    const node = form.querySelector(`[data-block="${CSS.escape(block.block_id)}"]`);
    values[block.block_id] = { [part.action_id]: { type: part.type, ...valueOf(part, node) } };
  }
  return values;
}

function valueOf(part, node) {
  const chosen = (value) => part.options.find((candidate) => candidate.value === value) ?? null;
  if (part.type === "checkboxes") {
    return { selected_options: [...node.querySelectorAll("input:checked")].map((box) => chosen(box.value)) };
  }
  if (part.type === "datepicker") return { selected_date: node.value || null };
  return part.options ? { selected_option: chosen(node.value) } : { value: node.value || null };
}

// ── rich text ───────────────────────────────────────────────────────────────

function richElement(part, surface) {
  const inner = () => part.elements.map((child) => richInline(child, surface));
  if (part.type === "rich_text_preformatted") return h("pre", {}, h("code", {}, inner()));
  if (part.type === "rich_text_quote") return h("blockquote", {}, inner());
  if (part.type === "rich_text_list") {
    const items = part.elements.map((child) => h("li", {}, richElement(child, surface)));
    return h(part.style === "ordered" ? "ol" : "ul", {}, items);
  }
  return h("p", { class: "lines" }, inner());
}

function richInline(part, surface) {
  if (part.type === "user") return mention(part.user_id, surface.people);
  if (part.type === "link") return link(part.url, part.text);
  if (part.type === "emoji") return emoji(part.name);
  if (part.type === "broadcast") return h("span", { class: "mention loud" }, `@${part.range}`);
  const style = part.style ?? {};
  const tag = ["code", "bold", "italic", "strike"].find((name) => style[name]);
  const tags = { code: "code", bold: "strong", italic: "em", strike: "s" };
  return tag ? h(tags[tag], {}, part.text) : document.createTextNode(part.text ?? "");
}
