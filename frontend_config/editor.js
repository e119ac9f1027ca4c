// Mounts the Label Studio editor on our page and drives it: show a task, read and set its answer.

import { loadEditor } from "./bundle.js";
import { kindOf } from "./controls.js";
import { LabelConfig, elementId } from "./label_config.js";

const NO_CONFIG = "<View></View>";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
const HEADINGS = ":scope > :is(h1, h2, h3, h4, h5, h6)";

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
const valueOf = (choice) => choice.alias ?? choice._value;
const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => LETTERS[byte % 64]).join("");

/** Mount the editor in an element and return what drives it. */
export async function mountEditor(element, bundle) {
  const LabelStudio = await loadEditor(bundle);
  const store = await new Promise((resolve) => {
    new LabelStudio(element, {
      config: NO_CONFIG,
      task: { id: 1, data: {} },
      user: { id: 1 },
      interfaces: [],
      onStorageInitialized: (ready) => setTimeout(resolve, 0, ready),
    });
  });
  if (store.settings.enableHotkeys) store.settings.toggleHotkeys();
  return new Editor(element, store);
}

class Editor {
  #element;
  #store;
  #config = null;
  #sizes = [];
  #lengths = [];
  #controls = [];
  #closedFrom = [];
  #textIds = new Map();
  #listeners = [];
  #known = "[]";
  #isCheckDue = false;
  #isShown = false;
  #taskNumber = 1;

  constructor(element, store) {
    this.#element = element;
    this.#store = store;
    // The editor's own change events leave out text that is typed but not added.
    for (const event of ["input", "change", "click"]) {
      element.addEventListener(event, () => this.#checkSoon());
    }
    element.addEventListener("input", (event) => this.#takeNumber(event), true);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) addedNodes.forEach(groupRadios);
    }).observe(element, { childList: true, subtree: true });
  }

  /** Show a task, with an answer to begin with; resolves when it can be answered. */
  async show({ data, config: source, result = [] }) {
    const isSame = this.#config?.source === source;
    const config = isSame ? this.#config : new LabelConfig(source);
    this.#lengths = config.lengths(data);
    const sizes = config.pools(this.#lengths, isSame ? this.#sizes : []);
    const fits =
      isSame && config.isReplaceable && sizes.every((size, i) => size === this.#sizes[i]);
    this.#config = config;
    this.#sizes = sizes;
    this.#taskNumber += 1;
    const padded = config.pad(data, sizes);
    // Every text selects itself when it is drawn, to learn its words for span labels: a layout of
    // the page each time, unless it is out of sight.
    this.#element.style.display = "none";
    this.#isShown = false;
    if (fits) this.#replace(padded);
    else this.#build(padded);
    this.#setAnswer(result);
    await nextTurn();
    this.#element.style.display = "";
    if (!fits) this.#describe();
    this.#offer();
    this.#closedFrom = [];
    this.#settle();
    this.#known = JSON.stringify(this.result());
    this.#isShown = true;
  }

  /** The answer as it stands, in the editor's own form, of what is asked and not more. */
  result() {
    const asked = new Map(this.#asked().map((control) => [control.name, control]));
    const items = this.#annotation.results
      .map((result) => result.serialize())
      .filter((item) => item && asked.has(item.from_name) && item.value.choices?.length !== 0)
      .filter(({ from_name: name }) => asked.get(name).drive.isWhole(asked.get(name).node));
    for (const control of asked.values()) {
      if (control.kind !== "textarea" || !control.node._value?.trim()) continue;
      const added = items.find((item) => item.from_name === control.name);
      if (added) added.value.text = [...added.value.text, control.node._value];
      else items.push(this.#textItem(control));
    }
    return items;
  }

  /** What is still missing: the required questions that are asked and have no answer. */
  validate() {
    return this.questions().flatMap(({ name, title, message, isRequired, isAnswered, fault }) => {
      if (fault) return [{ name, message: `“${title}”: ${fault}` }];
      if (!isRequired || isAnswered) return [];
      return [{ name, message: message ?? `“${title}” has no answer yet.` }];
    });
  }

  /** Call back after every change of the answer. */
  onChange(callback) {
    this.#listeners.push(callback);
  }

  /** The questions that are asked now, in reading order. */
  questions() {
    return this.#asked().map((control) => ({
      name: control.name,
      kind: control.kind,
      isRequired: control.isRequired,
      isMultiple: control.drive.isMultiple(control.node),
      isWritten: control.drive.isWritten,
      hint: control.drive.hint(control.node),
      message: control.message,
      fault: control.drive.fault(control.node, control.element),
      get title() {
        return control.title;
      },
      element: control.element,
      isAnswered: control.drive.isAnswered(control.node),
      choices: control.drive
        .options(control.node)
        .map((choice, i) => ({
          ...choice,
          key: control.keys[i] ?? null,
          isOffered: this.#isOffered(control, i),
        }))
        .filter((choice) => choice.isOffered),
    }));
  }

  /** Choose one value of a question; a single choice stays chosen when it is chosen again. */
  choose(name, value) {
    const { node, drive } = this.#control(name);
    drive.choose(node, value);
    this.#check();
  }

  /** Take the answer to a question back. */
  clear(name) {
    const { node, drive } = this.#control(name);
    drive.clear(node);
    this.#check();
  }

  /** Put the cursor into what a question is answered with in writing; false if there is no such. */
  focusText(name) {
    const { element, drive } = this.#control(name);
    return drive.open(element);
  }

  /** Make the answer unchangeable, or changeable again. */
  lock(isLocked) {
    this.#element.inert = isLocked;
  }

  get #annotation() {
    return this.#store.annotationStore.selected;
  }

  /** Build the tree for a configuration that is not on the page. */
  #build(data) {
    const store = this.#store;
    const { xml, controls } = this.#config.expand(this.#sizes);
    const task = { id: this.#taskNumber, data };
    store.resetState();
    store.assignTask(task);
    store.assignConfig(xml);
    store.initializeStore({ ...task, annotations: [], predictions: [] });
    const annotation = store.annotationStore.addAnnotation({ userGenerate: true });
    store.annotationStore.selectAnnotation(annotation.id);
    this.#controls = [];
    annotation.traverseTree((node) => {
      if (node.isControlTag && node.name) {
        this.#controls.push({
          keys: [..."123456789"],
          endings: [],
          lengths: [],
          sequence: null,
          index: null,
          ...controls.get(node.name),
          name: node.name,
          kind: node.type,
          drive: kindOf(node),
          node,
          isRequired: Boolean(node.required ?? controls.get(node.name)?.isRequired),
          message: node.requiredmessage ?? null,
        });
      }
    });
  }

  /** Put another task's data into the tree on the page: several times faster than building it. */
  #replace(data) {
    const annotation = this.#annotation;
    this.#store.assignTask({ id: this.#taskNumber, data });
    annotation.deleteAllRegions({ deleteReadOnly: true });
    for (const { kind, node } of this.#controls) if (kind === "textarea") node.setValue("");
    // The store parses the task's data once for every tag that asks; this is the part it asks for.
    const source = { task: { dataObj: data } };
    annotation.traverseTree((node) => {
      node.updateValue?.(source);
    });
  }

  /** Give back an answer. A text that could be written in one box goes back into that box. */
  #setAnswer(result) {
    this.#textIds.clear();
    const boxes = new Map(
      this.#controls
        .filter(({ node }) => node.maxsubmissions === "1")
        .map((control) => [control.name, control]),
    );
    const others = result.filter((item) => !boxes.has(item.from_name));
    for (const item of result) {
      const control = boxes.get(item.from_name);
      if (!control) continue;
      this.#textIds.set(item.from_name, item.id);
      control.node.setValue([item.value.text].flat().join("\n"));
    }
    if (others.length === 0) return;
    this.#annotation.deserializeResults(others);
    this.#annotation.updateObjects();
  }

  #textItem({ name, node }) {
    if (!this.#textIds.has(name)) this.#textIds.set(name, newId());
    return {
      id: this.#textIds.get(name),
      from_name: name,
      to_name: node.toname,
      type: "textarea",
      origin: "manual",
      value: { text: [node._value] },
    };
  }

  #control(name) {
    return this.#controls.find((control) => control.name === name);
  }

  #asked() {
    return this.#controls.filter(
      ({ node, sequence, index }) =>
        node.isVisible !== false &&
        (sequence === null ||
          (index < this.#lengths[sequence] && index < (this.#closedFrom[sequence] ?? Infinity))),
    );
  }

  #isOffered({ sequence, lengths }, i) {
    return sequence === null || (lengths[i] ?? 0) <= this.#lengths[sequence];
  }

  /**
   * Take what stands in a box for a number. The editor would take an emptied box for 0, and write
   * 1 into one that says "1.0" on the way to "1.05".
   */
  #takeNumber(event) {
    const box = event.target;
    const control = this.#controls.find(({ kind, name }) => kind === "number" && name === box.name);
    if (!control || !box.matches("input[type=number], input[type=range]")) return;
    event.stopPropagation();
    if (box.value !== "") control.node.setNumber(Number(box.value));
    else if (!box.validity.badInput) control.drive.clear(control.node);
    this.#checkSoon();
  }

  #checkSoon() {
    if (this.#isCheckDue) return;
    this.#isCheckDue = true;
    setTimeout(() => {
      this.#isCheckDue = false;
      this.#check();
    }, 0);
  }

  #check() {
    if (!this.#isShown) return;
    this.#settle();
    const found = JSON.stringify(this.result());
    if (found === this.#known) return;
    this.#known = found;
    for (const callback of this.#listeners) callback();
  }

  /** Hide the choices that the number of a task's elements rules out. */
  #offer() {
    for (const control of this.#controls) {
      const group = control.node.elementRef?.current;
      control.lengths.forEach((length, i) => {
        const display = this.#isOffered(control, i) ? null : "none";
        if (length > 0) group?.style.setProperty(`--offer-${i + 1}`, display);
      });
    }
  }

  /** Hide the elements that the task does not have, and close those after the end of a sequence. */
  #settle() {
    this.#sizes.forEach((size, sequence) => {
      const ending = this.#controls.find(
        (control) =>
          control.sequence === sequence &&
          control.index < this.#lengths[sequence] &&
          control.kind === "choices" &&
          control.node.selectedLabels.some((choice) => control.endings.includes(valueOf(choice))),
      );
      const from = ending ? ending.index + 1 : Infinity;
      this.#closedFrom[sequence] = from;
      for (let index = 0; index < size; index += 1) {
        const element = document.getElementById(elementId(sequence, index));
        if (!element) continue;
        element.hidden = index >= this.#lengths[sequence];
        element.inert = index >= from;
        element.classList.toggle("wb-closed", index >= from);
      }
    });
  }

  /** Tell assistive technology, and the style sheet, what the editor's markup leaves out. */
  #describe() {
    for (const control of this.#controls) {
      const group = control.drive.element(control.node, this.#element) ?? this.#element;
      control.element = group.closest(".wb-question") ?? group;
      control.element.dataset.name = control.name;
      Object.defineProperty(control, "title", {
        configurable: true,
        get: () => titleOf(group, this.#element) || titleFrom(control.name),
      });
      if (control.kind === "choices") {
        group.setAttribute("role", control.node.choice === "multiple" ? "group" : "radiogroup");
        group.dataset.control = control.name;
        groupRadios(group);
        const boxes = group.querySelectorAll("input");
        control.node.children.forEach((choice, i) => {
          if (boxes[i]) boxes[i].checked = choice.sel;
        });
      }
      const labelled =
        control.kind === "choices"
          ? group
          : group.querySelector("textarea, input, [role=radiogroup]");
      labelled?.setAttribute("aria-label", control.title);
      // The editor draws its choices anew at every change; what the style sheet is to show on them
      // is kept on the group.
      control.keys.forEach((key, i) =>
        group.style.setProperty(`--key-${i + 1}`, JSON.stringify(key ?? "")),
      );
    }
  }
}

/**
 * Make the radio buttons of one question one group. The editor names them by their labels, so that
 * the browser takes "Good" of every step for one group and lets only one of them be checked.
 */
function groupRadios(root) {
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  const radios = root.matches("input[type=radio]")
    ? [root]
    : root.querySelectorAll("input[type=radio]");
  for (const radio of radios) {
    const name = radio.closest("[data-control]")?.dataset.control;
    if (name) radio.name = name;
  }
}

/** The nearest headings above a control, outermost first: "Step 3 – What is wrong?". */
function titleOf(group, root) {
  const titles = [];
  for (let node = group.parentElement; node && node !== root; node = node.parentElement) {
    const heading = node.matches(".wb-task") ? null : node.querySelector(HEADINGS);
    if (heading) titles.unshift(heading.textContent.trim());
  }
  return titles.join(" – ");
}

/** What a control without a heading is called: "help_a" is "Help a". */
function titleFrom(name) {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
