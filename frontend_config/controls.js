// What each kind of control offers to the keyboard, whether it is answered, and where it is drawn.

const BOX = "textarea, input[type=text], input[type=number], input[type=range], input:not([type])";
const valueOf = (choice) => choice.alias ?? choice._value;
const resultsOf = (node) => node.annotation.results.filter((result) => result.from_name === node);

function removeResults(node) {
  for (const result of resultsOf(node)) result.area.removeResult(result);
  node.needsUpdate?.();
}

/** Which of all elements of a kind is this control's: the editor draws them in the order of the tree. */
function inOrder(node, elements) {
  const alike = [];
  node.annotation.traverseTree((other) => {
    if (other.type === node.type && other.isControlTag) alike.push(other);
  });
  return elements[alike.indexOf(node)] ?? null;
}

/** The answer that is drawn with the control itself; a kind below says only what differs. */
const ORDINARY = {
  isWritten: false,
  isMultiple: () => false,
  /** What its keys do, if that is not just to choose. */
  hint: () => null,
  element: (node) => node.elementRef?.current ?? null,
  options: () => [],
  choose: () => {},
  clear: (node) => removeResults(node),
  isAnswered: (node) => Boolean(node.holdsState),
  /** Whether what the editor has for it is an answer, and not the first half of one. */
  isWhole: () => true,
  /** What is wrong with the answer, in words; null if nothing is. */
  fault: () => null,
  /** Put the cursor where the answer is written; false if it is not written. */
  open: (element) => {
    const box = element.querySelector(BOX);
    box?.focus();
    return Boolean(box);
  },
};

const CHOICES = {
  isMultiple: (node) => node.choice === "multiple",
  options: (node) =>
    node.children
      .filter((choice) => choice.type === "choice")
      .map((choice) => ({
        value: valueOf(choice),
        label: choice._value,
        isChosen: choice.sel,
      })),
  choose(node, value) {
    const choice = node.children.find((child) => valueOf(child) === value);
    if (choice && (!choice.sel || node.choice === "multiple")) choice.toggleSelected();
  },
  clear(node) {
    if (node.selectedLabels.length === 0) return;
    node.resetSelected();
    node.updateResult();
  },
  isAnswered: (node) => node.selectedLabels.length > 0,
};

const TEXTAREA = {
  isWritten: true,
  // A text is taken back in its box, by whoever wrote it.
  clear: () => {},
  isAnswered: (node) => Boolean(node._value?.trim() || node.holdsState),
};

const RATING = {
  options: (node) =>
    Array.from({ length: Number(node.maxrating) }, (_, i) => ({
      value: i + 1,
      label: `${i + 1} of ${node.maxrating}`,
      isChosen: node.rating === i + 1,
    })),
  choose: (node, value) => node.setRating(value),
};

const NUMBER = {
  isWritten: true,
  fault(node, element) {
    const { validity, validationMessage } = element.querySelector("input") ?? {};
    if (!validity || validity.valid) return null;
    // Without a step of its own any number will do, whatever the browser's box thinks.
    return validity.stepMismatch && !node.step ? null : validationMessage;
  },
};

const PAIRWISE = {
  hint: () => "left or right",
  element: (node) => node.left?.mountNodeRef?.current ?? null,
  options: (node) =>
    ["left", "right"].map((side) => ({
      value: side,
      label: `${side} is better`,
      isChosen: node.selected === side,
    })),
  choose(node, value) {
    if (node.selected === value) return;
    node.setResult(value);
    node.updateResult();
  },
  clear(node) {
    if (!resultsOf(node).length) return;
    node.setResult("none");
    node.updateResult();
  },
  isAnswered: (node) => ["left", "right"].includes(node.selected),
};

// Without buckets, the responses are named from best to worst; how far one has come is kept here.
const ranked = new WeakMap();
const UNPLACED = "_";

const RANKER = {
  isMultiple: () => true,
  hint: (node) =>
    node.rankOnly ? "Response A, B, … from best to worst" : "column of the next response",
  element: (node, root) =>
    inOrder(
      node,
      [...new Set([...root.querySelectorAll(".htx-ranker-column")].map((one) => one.parentElement))],
    ),
  options(node) {
    if (!node.rankOnly)
      return node.buckets.map(({ name, title }) => ({
        value: name,
        label: title || name,
        isChosen: false,
      }));
    const best = ranked.get(node) ?? [];
    return Object.values(node.list.items).map(({ id, title }) => ({
      value: id,
      label: title || id,
      isChosen: best.includes(id),
    }));
  },
  choose(node, value) {
    const { itemIds } = node.dataSource;
    if (!node.rankOnly) {
      const [next, ...rest] = itemIds[UNPLACED] ?? [];
      if (next)
        node.updateResult({ ...itemIds, [UNPLACED]: rest, [value]: [...itemIds[value], next] });
      return;
    }
    const before = ranked.get(node) ?? [];
    if (before.includes(value)) return;
    const best = [...before, value];
    const others = itemIds[node.name].filter((id) => !best.includes(id));
    ranked.set(node, best);
    node.updateResult({ [node.name]: [...best, ...others] });
  },
  clear(node) {
    ranked.delete(node);
    removeResults(node);
  },
  isAnswered(node) {
    const [result] = resultsOf(node);
    if (!result) return false;
    const { itemIds } = node.dataSource;
    if (!node.rankOnly) return !itemIds[UNPLACED]?.length;
    const best = ranked.get(node) ?? [];
    const order = itemIds[node.name];
    // Who has moved a response by hand since has seen them all; the last one is where it has to be.
    const isUnderWay = best.length > 0 && best.every((id, place) => order[place] === id);
    return !isUnderWay || best.length >= order.length - 1;
  },
  isWhole: (node) => !node.rankOnly || RANKER.isAnswered(node),
};

function isLeaf(node, path) {
  let items = node.items;
  for (const step of path) items = items?.find((item) => item.path.at(-1) === step)?.children;
  return !items?.length;
}

const TAXONOMY = {
  isWritten: true,
  // The list closes the boxes of those that are no leaves to the mouse, and leaves them to the keys.
  fault(node) {
    const wide = node.leafsonly && node.selected.find((path) => !isLeaf(node, path));
    return wide ? `choose what is below ${wide.at(-1)}.` : null;
  },
  open(element) {
    const closed = element.querySelector(".ant-select-selector");
    closed?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
    return Boolean(closed);
  },
};

const LABELS = {
  isMultiple: () => true,
  hint: () => "label, then mark text with the mouse",
  element: (node, root) => inOrder(node, [...root.querySelectorAll(".lsf-labels")]),
  options: (node) =>
    node.children
      .filter((label) => label.type === "label")
      .map((label) => ({ value: valueOf(label), label: label._value, isChosen: label.selected })),
  choose(node, value) {
    node.annotation.unselectAreas();
    node.children.find((label) => valueOf(label) === value)?.toggleSelected();
  },
  clear: (node) => resultsOf(node).at(-1)?.area.deleteRegion(),
  isAnswered: (node) => resultsOf(node).length > 0,
};

const KINDS = {
  choices: CHOICES,
  textarea: TEXTAREA,
  rating: RATING,
  number: NUMBER,
  pairwise: PAIRWISE,
  ranker: RANKER,
  taxonomy: TAXONOMY,
  labels: LABELS,
};

/** How to read and drive a control of the editor. */
export const kindOf = (node) => ({ ...ORDINARY, ...KINDS[node.type] });
