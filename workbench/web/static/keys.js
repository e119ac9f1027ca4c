// Keys of a page that is walked along: each link names its key in data-key; r shows the source.

const writing = (target) => target.closest("input, textarea, select, [contenteditable]");

const source = document.querySelector("[data-toggle-source]");

function toggleSource() {
  const shown = document.documentElement.toggleAttribute("data-source");
  source.setAttribute("aria-pressed", String(shown));
}

source?.addEventListener("click", toggleSource);

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
  if (event.key === "r" && source) toggleSource();
  if (/^[a-z]$/.test(event.key)) document.querySelector(`a[data-key="${event.key}"]`)?.click();
});
