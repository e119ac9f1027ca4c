// Reads a labeling configuration: what it asks, under which keys, and which parts of it repeat.

const INDEX_FLAG = "{{idx}}";
const POOL_STEP = 8;

// Tags whose value and answer can be replaced in place. Any other tag may keep something of the
// task before, so a configuration that has one is built anew for every task.
const REPLACEABLE = new Set([
  "view",
  "style",
  "header",
  "hypertext",
  "text",
  "markdown",
  "collapse",
  "panel",
  "choices",
  "choice",
  "textarea",
  "rating",
  "number",
]);
const CONTROLS = new Set([
  "choices",
  "textarea",
  "rating",
  "number",
  "pairwise",
  "ranker",
  "taxonomy",
  "labels",
  "datetime",
]);

// The tags inside a control that keys stand for.
const OPTIONS = "Choice, Label, Bucket";

const tagOf = (node) => node.tagName.toLowerCase();

function parse(xml) {
  const document = new DOMParser().parseFromString(xml, "application/xml");
  if (document.querySelector("parsererror"))
    throw new Error("The label configuration is not well-formed.");
  return document;
}

function replaceFlag(node, flag, index) {
  for (const attribute of [...node.attributes]) {
    if (attribute.value.includes(flag)) attribute.value = attribute.value.replaceAll(flag, index);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE) replaceFlag(child, flag, index);
    else if (child.nodeValue.includes(flag))
      child.nodeValue = child.nodeValue.replaceAll(flag, index);
  }
}

function isPoolable(node) {
  return (
    tagOf(node) === "repeater" &&
    node.getAttribute("mode") !== "pagination" &&
    !node.parentElement.closest("Repeater") &&
    !node.querySelector("Repeater")
  );
}

function isReplaceable(node) {
  return REPLACEABLE.has(tagOf(node)) && !(tagOf(node) === "choices" && node.hasAttribute("value"));
}

function readControl(node) {
  const choices = [...node.querySelectorAll(OPTIONS)];
  const taken = new Set(choices.map((choice) => choice.getAttribute("key")));
  const free = [..."123456789"].filter((key) => !taken.has(key));
  return {
    name: node.getAttribute("name"),
    // Not every tag of the editor has the attribute.
    isRequired: node.getAttribute("required") === "true",
    keys: choices.length
      ? choices.map((choice) => choice.getAttribute("key") ?? free.shift() ?? null)
      : free,
    // A choice that only a long enough list of its Repeater's elements makes sense of (rank 7 of 7).
    lengths: choices.map((choice) => Number(choice.getAttribute("fromLength") ?? 0)),
    endings: choices
      .filter((choice) => choice.getAttribute("endsSequence") === "true")
      .map((choice) => choice.getAttribute("alias") ?? choice.getAttribute("value")),
  };
}

export const elementId = (sequence, index) => `wb-element-${sequence}-${index}`;

function writeElement(document, repeater, sequence, index) {
  const view = document.createElement("View");
  view.setAttribute("className", "wb-element");
  view.setAttribute("idAttr", elementId(sequence, index));
  for (const child of repeater.children) view.append(child.cloneNode(true));
  replaceFlag(view, repeater.getAttribute("indexFlag") ?? INDEX_FLAG, String(index));
  repeater.before(view);
  return view;
}

/** A labeling configuration, with each Repeater turned into a pool that tasks of any length share. */
export class LabelConfig {
  #document;
  #repeaters;

  constructor(xml) {
    this.source = xml;
    this.#document = parse(xml);
    // The editor binds hotkeys to the whole page; ours belong to the question one is at.
    for (const choice of this.#document.querySelectorAll("Choice[hotkey], Label[hotkey]")) {
      choice.setAttribute("key", choice.getAttribute("hotkey"));
      choice.removeAttribute("hotkey");
    }
    const nodes = [...this.#document.querySelectorAll("*")];
    this.#repeaters = nodes.filter(isPoolable);
    this.isReplaceable = nodes.every((node) => isReplaceable(node) || isPoolable(node));
  }

  /** How many elements each Repeater has in this task's data. */
  lengths(data) {
    return this.#fields().map((field) => data[field]?.length ?? 0);
  }

  /** Sizes of the pools that hold these lengths, never smaller than the ones at hand. */
  pools(lengths, atHand = []) {
    if (!this.isReplaceable) return lengths;
    return lengths.map((length, i) =>
      Math.max(atHand[i] ?? 0, Math.ceil(length / POOL_STEP) * POOL_STEP),
    );
  }

  /** The configuration with its Repeaters written out, and its controls by name. */
  expand(sizes) {
    const document = this.#document.cloneNode(true);
    const places = new Map();
    [...document.querySelectorAll("*")].filter(isPoolable).forEach((repeater, sequence) => {
      for (let index = 0; index < sizes[sequence]; index += 1) {
        const view = writeElement(document, repeater, sequence, index);
        for (const node of view.querySelectorAll("*")) places.set(node, { sequence, index });
      }
      repeater.remove();
    });
    const controls = [...document.querySelectorAll("*")]
      .filter((node) => CONTROLS.has(tagOf(node)) && !node.closest("Repeater"))
      .map((node) => ({ ...readControl(node), ...places.get(node) }));
    return {
      xml: new XMLSerializer().serializeToString(document),
      controls: new Map(controls.map((control) => [control.name, control])),
    };
  }

  /** The task's data with every repeated list as long as its pool. */
  pad(data, sizes) {
    const padded = { ...data };
    this.#fields().forEach((field, i) => {
      const list = data[field] ?? [];
      const keys = list.length && typeof list[0] === "object" ? Object.keys(list[0]) : [];
      const blank = Object.fromEntries(keys.map((key) => [key, ""]));
      padded[field] = [...list, ...Array.from({ length: sizes[i] - list.length }, () => blank)];
    });
    return padded;
  }

  #fields() {
    return this.#repeaters.map((node) => (node.getAttribute("on") ?? "").replace(/^\$/, ""));
  }
}
