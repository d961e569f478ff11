// Modals that the app opens. Owns focus and Escape; values go back in Slack's shape.
import { h } from "/page/dom.js";
import { renderBlocks, valuesOf } from "/page/blocks.js";
import { t } from "/page/words.js";

export function drawDialogs(place, page) {
  const view = page.state.views.at(-1);
  const shown = place.firstElementChild;
  if (!view) return shown?.close();
  if (shown?.dataset.view === `${view.id} ${view.hash}`) return undefined;
  const dialog = dialogOf(view, page);
  place.replaceChildren(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return undefined;
}

function dialogOf(view, page) {
  const close = () => page.act("close_view", { view_id: view.id });
  const problem = h("p", { class: "problem", role: "alert" });
  const surface = {
    people: page.state.people,
    click: (action_id, chosen) => page.act("click_in_view", { view_id: view.id, action_id, chosen }),
  };
  const form = h(
    "form",
    { method: "dialog", onsubmit: (event) => submit(event, view, page, problem) },
    h("h2", {}, view.title.text),
    h("div", { class: "fields-of-view" }, renderBlocks(view.blocks, surface)),
    problem,
    h(
      "div",
      { class: "actions end" },
      h("button", { type: "button", class: "button", onclick: close }, view.close?.text ?? t("cancel")),
      view.submit ? h("button", { type: "submit", class: "button primary", "data-testid": "view-submit" }, view.submit.text) : null,
    ),
  );
  const cancel = (event) => {
    event.preventDefault();
    close();
  };
  return h("dialog", { "data-view": `${view.id} ${view.hash}`, "data-testid": "view", "aria-label": view.title.text, oncancel: cancel }, form);
}

async function submit(event, view, page, problem) {
  event.preventDefault();
  const form = event.target;
  const errors = await page.act("submit_view", { view_id: view.id, values: valuesOf(form, view) });
  if (errors === undefined) return;
  problem.textContent = errors === null ? t("noAck") : "";
  for (const place of form.querySelectorAll("[data-problem]")) place.textContent = errors?.[place.dataset.problem] ?? "";
}
