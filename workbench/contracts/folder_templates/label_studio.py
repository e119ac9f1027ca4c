"""A Label Studio labeling configuration, unchanged, as a folder; what is guessed is said there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from workbench.contracts.folder_templates.checking import XML
from workbench.contracts.folder_templates.declaration import TOML
from workbench.contracts.folder_templates.loading import GUIDELINES
from workbench.contracts.folder_templates.questions import objects_by_name
from workbench.contracts.label_config import Control, LabelConfig, parse_label_config, read_markup
from workbench.contracts.task_template import JudgmentModel

_PROMPTS = ("prompt", "question", "instruction", "conversation", "messages", "dialogue", "context")
_KINDS = {"Paragraphs": "conversation", "List": "candidates", "Text": "text"}
_GUESSES = {
    "Choices": ("nominal", "names; ordinal if they are an order from low to high"),
    "Rating": ("ordinal", "an order; interval if the distances between stars count"),
    "Ranker": ("ordinal", "an order"),
    "Taxonomy": ("nominal", "each path: chosen or not"),
    "Pairwise": ("nominal", "the one or the other"),
    "Labels": ("nominal", "each label: used or not"),
    "TextArea": ("text", "kept as written, not measured"),
}


@dataclass
class _Draft:
    """What is known of the folder so far."""

    config: LabelConfig
    root: etree._Element
    shows: Mapping[str, str]
    shuffled: tuple[str, ...] = ()
    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By control: the field that it shares, and the shuffled text that it judges."""


def folder_from_label_studio(xml: str, *, key: str) -> Mapping[str, str]:
    """Return the files of a folder by name.

    Raises:
        TemplateBroken: The configuration cannot be read.
    """
    root = read_markup(xml)
    config = parse_label_config(xml)
    draft = _Draft(config, root, objects_by_name(root))
    _find_pair(draft)
    title = key.replace("_", " ").capitalize()
    return {XML: xml, TOML: _toml(draft, key, title), GUIDELINES: _guidelines(title)}


def _find_pair(draft: _Draft) -> None:
    """Shuffle what a Pairwise compares, and pair the controls that judge one text each."""
    pairwise = next((one for one in draft.config.controls.values() if one.tag == "Pairwise"), None)
    if pairwise is None or len(pairwise.to_name) != 2:
        return
    draft.shuffled = tuple(draft.shows.get(target, target) for target in pairwise.to_name)
    of = {
        slot: [
            one
            for one in draft.config.controls.values()
            if one is not pairwise and draft.shows.get(one.to_name[0]) == slot
        ]
        for slot in draft.shuffled
    }
    for first, second in zip(*of.values(), strict=False):
        if (first.tag, first.choices) == (second.tag, second.choices):
            shared = _shared_name(first.name, second.name)
            draft.slots[first.name] = (shared, draft.shuffled[0])
            draft.slots[second.name] = (shared, draft.shuffled[1])


def _shared_name(one: str, other: str) -> str:
    """Return what two names have in common (`a_help`, `b_help`: `help`)."""
    shared = "_".join(part for part in one.split("_") if part in other.split("_"))
    return shared if _is_name(shared) else f"{_letters(one)}_{_letters(other)}"


def _toml(draft: _Draft, key: str, title: str) -> str:
    fields = dict(_fields(draft))
    prompt = next((name for name in _PROMPTS if name in fields), None) or next(
        (name for name, kind in fields.items() if kind in {"conversation", "markdown", "text"}),
        None,
    )
    if prompt is None or prompt in draft.shuffled:
        others = [
            one for one in fields if one not in draft.shuffled and fields[one] != "candidates"
        ]
        prompt = others[0] if others else "prompt"
        fields.setdefault(prompt, "stored")
    lines = [
        "# Made from a Label Studio labeling configuration, which is beside this file, unchanged.",
        "# What it could not say is guessed below: review each line with a comment.",
        f"key = {_quoted(key)}",
        'version = "1.0.0"  # raise it whenever a file of this folder changes',
        f"title = {_quoted(title)}",
        f"summary = {_quoted(f'{title}: as in Label Studio.')}  # what campaigns are chosen by",
        f"prompt = {_quoted(prompt)}  # what identifies the prompt; splits keep it together",
    ]
    if draft.shuffled:
        listed = ", ".join(_quoted(one) for one in draft.shuffled)
        lines.append(f"shuffled = [{listed}]  # shown in a random order; judgments are not")
    for name, kind in fields.items():
        lines += ["", f"[fields.{name}]", f"kind = {_quoted(kind)}  # {_MEANING[kind]}"]
    for control in draft.config.controls.values():
        lines += ["", *_control(draft, control)]
    lines += _records(draft)
    return "\n".join(lines) + "\n"


_MEANING = {
    "conversation": "a list of {role, content}, or one text for a lone user message",
    "candidates": "a list of {text, model}, shown in a random order",
    "text": 'shown letter for letter; "markdown" draws Markdown, code and LaTeX',
    "markdown": "Markdown, code and LaTeX are drawn; HTML is shown as text",
    "stored": "kept with the item and not shown",
}


def _fields(draft: _Draft) -> Iterator[tuple[str, str]]:
    marked = {
        draft.shows.get(control.to_name[0])
        for control in draft.config.controls.values()
        if control.tag == "Labels"
    }
    seen: dict[str, str] = {}
    for element in draft.root.iter(etree.Element):
        value = element.get("value", "")
        if not value.startswith("$") or value[1:] in seen:
            continue
        name = value[1:]
        is_marked = name in marked
        seen[name] = "text" if is_marked else _KINDS.get(str(element.tag), "markdown")
    yield from seen.items()


def _control(draft: _Draft, control: Control) -> Iterator[str]:
    yield f"[controls.{_bare(control.name)}]"
    level, meaning = _guess(draft, control)
    if control.name in draft.slots:
        shared, slot = draft.slots[control.name]
        yield f"field = {_quoted(shared)}  # shared by the controls of the shuffled texts"
        yield f"of = {_quoted(slot)}"
    elif not _is_name(control.name):
        yield f"field = {_quoted('answer_' + _letters(control.name))}"
    yield f"level = {_quoted(level)}  # {meaning}"
    if control.name == _made_required(draft.config):
        yield "required = true  # nothing was required, so that an empty page would have counted"


def _guess(draft: _Draft, control: Control) -> tuple[str, str]:
    if control.tag != "Number":
        return _GUESSES.get(control.tag, ("text", "kept, not measured"))
    element = next(one for one in draft.root.iter(control.tag) if one.get("name") == control.name)
    if element.get("min") and element.get("max"):
        return "interval", "distances count; settled by the mean"
    return "text", 'not measured: for that give low and high, and say "interval"'


def _made_required(config: LabelConfig) -> str | None:
    """Return the control to require where the configuration requires nothing."""
    controls = list(config.controls.values())
    if any(one.is_required or one.tag in {"Pairwise", "Ranker"} for one in controls):
        return None
    conditional = [one for one in controls if one.tag != "Labels"] or controls
    return conditional[0].name if conditional else None


def _records(draft: _Draft) -> Sequence[str]:
    by_tag: dict[str, Control] = {}
    for control in draft.config.controls.values():
        by_tag.setdefault(control.tag, control)
    kinds = [
        (tag, kind)
        for tag, kind in (
            ("Pairwise", "preference"),
            ("Ranker", "ranking"),
            ("Ranker", "preference"),
        )
        if tag in by_tag
    ]
    lines = []
    for tag, kind in kinds:
        name = by_tag[tag].name
        own = name if _is_name(name) else f"answer_{_letters(name)}"
        lines += ["", "[[records]]", f"kind = {_quoted(kind)}", f"field = {_quoted(own)}"]
    if not lines:
        lines = [
            "",
            "# No training records yet: judgments and consensus are released all the same. Say what",
            "# a settled item yields with [[records]]: preference, ranking, unpaired_preference,",
            "# rated_response, prompt_completion.",
        ]
    return lines


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bare(name: str) -> str:
    return (
        name
        if name.replace("_", "").replace("-", "").isascii() and _is_key(name)
        else _quoted(name)
    )


def _is_key(name: str) -> bool:
    return bool(name) and all(letter.isalnum() or letter in "_-" for letter in name)


def _is_name(name: str) -> bool:
    is_plain = name.isascii() and name.isidentifier() and not name.startswith("_")
    return is_plain and not hasattr(JudgmentModel, name)


def _letters(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    return kept.strip("_") or "1"


def _guidelines(title: str) -> str:
    return f"""# {title}

What this is for, in a sentence that an expert would agree with.

## How to judge

Each question, what its answers mean, and where one ends and the next begins.

## When you are not sure

What to do with an item that is broken, out of your field, or between two answers.
"""
