// All that the pages do in the browser. Without it every page works too.
for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
// On a narrow screen the page that is open stands in the menu's middle, and not beyond its edge.
document.querySelector("nav.main a[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
