// The work page's own elements: messages, problems, dialogs, raw or rendered text.

const RAW_KEY = "workbench:raw";
const byId = (id) => document.getElementById(id);

/** Say one line; screen readers hear it too. */
export function say(text) {
  byId("status").textContent = text;
}

/** Say where the draft is kept. */
export function showSaved(state) {
  const texts = { saving: "Saving…", saved: "Saved", browser: "Saved in this browser", none: "" };
  byId("saved").textContent = texts[state];
}

/** List what is missing or was refused; each entry leads to its question. */
export function showProblems(problems, goTo) {
  const box = byId("problems");
  box.hidden = problems.length === 0;
  const list = document.createElement("ul");
  for (const { name, message } of problems) {
    const entry = document.createElement("li");
    const link = document.createElement(name ? "button" : "span");
    link.textContent = message;
    if (name) {
      link.type = "button";
      link.addEventListener("click", () => goTo(name));
    }
    entry.append(link);
    list.append(entry);
  }
  box.replaceChildren(...(problems.length ? [list] : []));
}

/** Ask for a reason in one of the page's dialogs; null when it is called off. */
export function askReason(id) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  form.reset();
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const fields = new FormData(form);
        const answer = { reason: fields.get("reason"), note: fields.get("note")?.trim() ?? "" };
        resolve(dialog.returnValue === "send" ? answer : null);
      },
      { once: true },
    );
  });
}

/** Show the editor, or that nothing is left. */
export function showEmpty(isEmpty) {
  byId("empty").hidden = !isEmpty;
  byId("editor").hidden = isEmpty;
  for (const id of ["submit", "skip", "flag", "raw"]) byId(id).disabled = isEmpty;
}

/** Count one more answer, and put it on top of the list of those that can be revised. */
export function noteAnswer(judgment, revised) {
  const done = byId("done");
  if (done && !revised) done.textContent = String(Number(done.textContent || 0) + 1);
  const history = byId("history");
  if (!history) return;
  const old = revised && history.querySelector(`[data-judgment="${CSS.escape(revised)}"]`);
  if (old) {
    old.dataset.judgment = judgment;
    return;
  }
  const entry = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.judgment = judgment;
  button.textContent = `Answer of ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  entry.append(button);
  history.prepend(entry);
}

/** Switch between rendered and raw text, and remember it. */
export function toggleRaw(isRaw = !document.documentElement.classList.contains("wb-raw")) {
  document.documentElement.classList.toggle("wb-raw", isRaw);
  byId("raw").setAttribute("aria-pressed", String(isRaw));
  localStorage.setItem(RAW_KEY, isRaw ? "1" : "");
}

/** Show texts as they were shown last. */
export function restoreRaw() {
  toggleRaw(localStorage.getItem(RAW_KEY) === "1");
}

/** Let the style sheet know how much of the window the bar at the bottom takes. */
export function measureBar() {
  const bar = byId("key-bar").parentElement;
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--bar-height", `${bar.offsetHeight}px`);
  }).observe(bar);
}
