// The two small conversations about who is here: the name at the beginning, the warning at the end.
import { api } from "./api.js";
import { byId } from "./dom.js";
import { t } from "./words.js";

/** Ask until the server has taken a name; who that is. */
export function askName() {
  const form = byId("sign-in-form");
  const field = byId("name");
  const problem = byId("sign-in-error");
  byId("chat").hidden = true;
  byId("lost").hidden = true;
  byId("sign-in").hidden = false;
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      problem.hidden = true;
      try {
        resolve(await api.signIn(field.value));
      } catch (error) {
        problem.textContent = error.code === "not_sent" ? t("lost") : error.message;
        problem.hidden = false;
        field.focus();
      }
    });
  });
}

/** Whether the person really wants to go. */
export function confirmLeaving() {
  const dialog = byId("leaving");
  dialog.returnValue = "stay";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "leave"), { once: true });
  });
}
