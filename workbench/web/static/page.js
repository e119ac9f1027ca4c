// What every page does: the color scheme that was chosen here, and menus that close.

const SCHEME = "workbench.color-scheme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try { return localStorage.getItem(SCHEME) ?? "system"; } catch { return "system"; }
}

function paint() {
  const scheme = chosen();
  // The task editor follows this attribute too, so the system's scheme is written out.
  document.documentElement.dataset.colorScheme =
    scheme === "system" ? (dark.matches ? "dark" : "light") : scheme;
}

function choose(scheme) {
  try {
    if (scheme === "system") localStorage.removeItem(SCHEME);
    else localStorage.setItem(SCHEME, scheme);
  } catch { /* private windows may have no storage: the choice holds for this page */ }
  paint();
}

paint();
dark.addEventListener("change", paint);
addEventListener("storage", (event) => { if (event.key === SCHEME) paint(); });

addEventListener("DOMContentLoaded", () => {
  const select = document.querySelector("select[data-color-scheme]");
  if (select) {
    select.value = chosen();
    select.closest("[hidden]")?.removeAttribute("hidden");
    select.addEventListener("change", () => choose(select.value));
  }
});

addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
