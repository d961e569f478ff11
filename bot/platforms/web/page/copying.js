// Buttons that put text on the clipboard and say that they did.
import { h } from "./dom.js";
import { t } from "./words.js";

const SAID_MILLISECONDS = 1_600;

/** `text()` is asked for when the button is pressed. */
export function copyButton(label, text, properties = {}) {
  const button = h("button", { type: "button", ...properties, onclick: () => press(button, label, text()) }, t(label));
  return button;
}

async function press(button, label, text) {
  button.textContent = t((await copy(text)) ? "copied" : "not_copied");
  setTimeout(() => (button.textContent = t(label)), SAID_MILLISECONDS);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // on plain http there is no clipboard to write to
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const field = h("textarea", { class: "unseen", readonly: true, "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return isCopied;
}
