// Everything by keyboard: which question one is at, and what each key does there.

const MOVING = [
  { keys: ["←", "→"], text: "along" },
  { keys: ["j", "k"], text: "next, previous" },
  { keys: ["n"], text: "next open" },
  { keys: ["Enter"], text: "write" },
  { keys: ["Esc"], text: "leave the box" },
];
const REST = [
  { keys: ["⌫"], text: "take a choice back" },
  { keys: ["Ctrl", "Enter"], text: "submit", isChord: true },
  { keys: ["PgUp", "PgDn"], text: "turn a page" },
  { keys: ["r"], text: "rendered or raw text" },
  { keys: ["s"], text: "skip this task" },
  { keys: ["f"], text: "flag a broken item" },
  { keys: ["?"], text: "all keys" },
];
const TYPING =
  "textarea, select, [contenteditable=true], input:not([type=radio], [type=checkbox], [type=button], [type=submit])";
const NATIVE = "a, button, summary, [role=button]";

export class Keys {
  #editor;
  #root;
  #bar;
  #list;
  #actions;
  #current = null;
  #hint = "choose";

  /** `actions` maps submit, raw, skip, flag, help to functions. */
  constructor({ editor, root, bar, list, actions }) {
    this.#editor = editor;
    this.#root = root;
    this.#bar = bar;
    this.#list = list;
    this.#actions = actions;
    document.addEventListener("keydown", (event) => this.#press(event));
    root.addEventListener("focusin", (event) => this.#follow(event.target));
    root.addEventListener("click", (event) => this.#follow(event.target));
    editor.onChange(() => {
      this.#mark();
      this.#describe();
    });
  }

  /** Begin at the first question without an answer. */
  restart() {
    const questions = this.#editor.questions();
    const first = questions.find((question) => !question.isAnswered) ?? questions[0];
    this.#current = first?.name ?? null;
    this.#mark();
    this.#describe();
  }

  /** Go to a question and show it. */
  goTo(name) {
    const question = this.#editor.questions().find((each) => each.name === name);
    if (!question) return false;
    this.#current = name;
    this.#mark();
    question.element.tabIndex = -1;
    question.element.focus({ preventScroll: true });
    (question.element.closest(".wb-step") ?? question.element).scrollIntoView({ block: "nearest" });
    return true;
  }

  #press(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]"))
      return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (!event.repeat) this.#actions.submit();
      return;
    }
    const isTyping = event.target.matches?.(TYPING);
    const isLeft = event.key === "Escape" || (event.key === "Enter" && isNumber(event.target));
    if (isTyping && isLeft) this.#leaveText(event.target);
    if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" && event.target.matches?.(NATIVE)) return;
    if (this.#act(event.key)) event.preventDefault();
  }

  /** Do what a key stands for; true if it stands for something here. */
  #act(key) {
    const action = { "?": "help", r: "raw", s: "skip", f: "flag" }[key];
    if (action) {
      this.#actions[action]();
      return true;
    }
    switch (key) {
      case "j":
        return this.#move(1);
      case "k":
        return this.#move(-1);
      case "n":
        return this.#moveToOpen();
      case "ArrowDown":
        return this.#isSequence() && this.#move(1);
      case "ArrowUp":
        return this.#isSequence() && this.#move(-1);
      case "ArrowRight":
        return this.#shift(1);
      case "ArrowLeft":
        return this.#shift(-1);
      case "PageDown":
        return this.#read(1);
      case "PageUp":
        return this.#read(-1);
      case "Enter":
        return this.#write();
      case "Backspace":
        return this.#takeBack();
      default:
        return this.#choose(key);
    }
  }

  #move(step) {
    const questions = this.#editor.questions();
    const at = questions.findIndex((question) => question.name === this.#current);
    const to = questions[at + step];
    return to ? this.goTo(to.name) : true;
  }

  /** To the next question that still needs an answer, from the top again after the last one. */
  #moveToOpen() {
    const questions = this.#editor.questions();
    const after = questions.findIndex((question) => question.name === this.#current) + 1;
    const open = [...questions.slice(after), ...questions.slice(0, after)].find(
      ({ choices, isAnswered, isRequired }) => !isAnswered && (isRequired || choices.length > 0),
    );
    return open ? this.goTo(open.name) : true;
  }

  /** Turn a page of what is read, where that scrolls by itself beside the questions. */
  #read(direction) {
    const pane = this.#root.querySelector(".wb-reading");
    if (!pane || pane.scrollHeight <= pane.clientHeight) return false;
    pane.scrollBy({ top: direction * 0.9 * pane.clientHeight });
    return true;
  }

  /** Choose by key; on to the next question when that is one of choices too and one was enough. */
  #choose(key) {
    const question = this.#choiceQuestion();
    const choice = question?.choices.find((each) => each.key === key);
    if (!choice) return this.#type(key);
    this.#editor.choose(question.name, choice.value);
    const questions = this.#editor.questions();
    const at = questions.findIndex((each) => each.name === question.name);
    const isLeading = !question.isMultiple && questions[at + 1] && !isText(questions[at + 1]);
    this.goTo(isLeading ? questions[at + 1].name : question.name);
    return true;
  }

  /** Begin a number with its first digit, which the box then gets. */
  #type(key) {
    const question = this.#questionAt();
    if (question?.kind === "number" && /^[-.\d]$/.test(key)) {
      this.#editor.focusText(question.name);
      this.#root.ownerDocument.activeElement.select?.();
    }
    return false;
  }

  #shift(step) {
    const question = this.#choiceQuestion();
    if (!question || question.isMultiple) return false;
    const { choices, kind } = question;
    const at = choices.findIndex((choice) => choice.isChosen);
    const middle = Math.floor((choices.length - 1 + (kind === "pairwise" ? step : 0)) / 2);
    const to = at < 0 ? middle : Math.min(Math.max(at + step, 0), choices.length - 1);
    this.#editor.choose(question.name, choices[to].value);
    return true;
  }

  #takeBack() {
    const at = this.#questionAt();
    const question = at && !isText(at) ? at : this.#choiceQuestion();
    if (question) this.#editor.clear(question.name);
    return Boolean(question);
  }

  /** Into the text box of this question, or of the one that follows. */
  #write() {
    const questions = this.#editor.questions();
    const at = questions.findIndex((question) => question.name === this.#current);
    const text = questions.slice(Math.max(at, 0)).find((question) => question.isWritten);
    return Boolean(text) && this.goTo(text.name) && this.#editor.focusText(text.name);
  }

  #leaveText(box) {
    box.blur();
    if (this.#root.contains(box)) this.#move(1);
  }

  /** The question whose choices the keys stand for: this one, or the one that a text belongs to. */
  #choiceQuestion() {
    const questions = this.#editor.questions();
    const at = questions.findIndex((question) => question.name === this.#current);
    const isOwn = questions[at] && !isText(questions[at]);
    return (
      questions
        .slice(isOwn ? at : 0, at + 1)
        .findLast((question) => question.choices.length > 0) ?? null
    );
  }

  #questionAt() {
    return this.#editor.questions().find((question) => question.name === this.#current) ?? null;
  }

  #isSequence() {
    return this.#editor.questions().filter((question) => !isText(question)).length > 1;
  }

  #follow(target) {
    const question = this.#editor
      .questions()
      .filter(({ element }) => element.contains(target))
      .reduce((outer, each) => (outer?.element.contains(each.element) ?? true ? each : outer), null);
    if (!question || question.name === this.#current) return;
    this.#current = question.name;
    this.#mark();
  }

  #mark() {
    const questions = this.#editor.questions();
    if (!questions.some((question) => question.name === this.#current))
      this.#current = questions[0]?.name ?? null;
    for (const old of this.#root.querySelectorAll(".wb-current"))
      old.classList.remove("wb-current");
    const at = questions.find((question) => question.name === this.#current);
    at?.element.classList.add("wb-current");
    const hint = at?.hint ?? "choose";
    if (hint === this.#hint) return;
    this.#hint = hint;
    this.#describe();
  }

  /** Show the keys: the short bar, and the full list of the help dialog. */
  #describe() {
    const choices = new Map();
    for (const question of this.#editor.questions()) {
      for (const { key, label } of question.choices) {
        if (key && ![...(choices.get(key) ?? [])].includes(label))
          choices.set(key, [...(choices.get(key) ?? []), label]);
      }
    }
    const keys = [...choices.keys()];
    const span = keys.length > 2 ? [keys[0], "…", keys.at(-1)] : keys;
    const choosing = keys.length > 0 ? [{ keys: span, text: this.#hint }] : [];
    this.#bar.replaceChildren(
      ...[...choosing, ...MOVING].map(({ keys: names, text }) => {
        const hint = document.createElement("span");
        hint.className = "wb-hint";
        hint.append(...keyCaps(names), ` ${text}`);
        return hint;
      }),
    );
    this.#list.replaceChildren(
      ...[...choices]
        .map(([key, labels]) => ({ keys: [key], text: labels.join(" / ") }))
        .concat(MOVING, REST)
        .flatMap(({ keys: names, text, isChord }) => {
          const term = document.createElement("dt");
          const meaning = document.createElement("dd");
          term.append(...keyCaps(names, isChord));
          meaning.textContent = text;
          return [term, meaning];
        }),
    );
  }
}

const isText = (question) => question.kind === "textarea";
const isNumber = (target) => target.matches?.("input[type=number], input[type=range]");

function keyCaps(names, isChord = false) {
  return names.flatMap((name, i) => {
    const cap = name === "…" ? document.createElement("span") : document.createElement("kbd");
    cap.textContent = name;
    return i > 0 && isChord ? ["+", cap] : [cap];
  });
}
