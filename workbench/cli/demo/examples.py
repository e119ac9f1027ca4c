"""A small campaign of each task type: its written examples, judged as well as each expert can.

No task type is named here. What an expert of lesser quality does is done to the editor's result,
and the task type says whether that is still a judgment.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.assignment.queue import Lease
from workbench.cli.demo.content import DemoItem, SimulatedExpert
from workbench.contracts.label_config import Control, LabelConfig, parse_label_config
from workbench.contracts.task_template import AnyTemplate, RawResult
from workbench.errors import JudgmentInvalid
from workbench.identifiers import canonical_json

_TRIES = 12
_SHORTENED_SHARE = 0.6
_UNWRITTEN_SHARE = 0.2
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z])|\n+")
_CODE_FENCE = "```"


def shared_options(template: AnyTemplate) -> Mapping[str, Any]:
    """Return the options that most of a task type's examples are written for."""
    written = {canonical_json(example.options): example.options for example in template.examples}
    counted = Counter(canonical_json(example.options) for example in template.examples)
    return written[counted.most_common(1)[0][0]]


def example_items(template: AnyTemplate) -> list[DemoItem]:
    """Return the examples under the shared options, the written judgment of each as its truth."""
    options = shared_options(template)
    chosen = [example for example in template.examples if example.options == options]
    return [
        DemoItem(
            row={"external_id": f"{template.key}-{number:02}", **example.item},
            truth=example.judgment,
        )
        for number, example in enumerate(chosen, start=1)
    ]


def judge_example(
    expert: SimulatedExpert, item: DemoItem, lease: Lease, chance: random.Random
) -> RawResult:
    """Return the written judgment in the editor's form, as far as this expert sees it."""
    task = lease.task
    truth = task.template.judgment_model.model_validate(item.truth)
    written = task.template.encode(truth, lease.item, lease.presentation, task.options)
    config = parse_label_config(task.label_config)
    for _ in range(_TRIES):
        result = list(_answers(written, config, expert.accuracy, chance))
        refused = _refused(result, lease)
        if refused:
            # Whoever answers one question otherwise is not asked what hangs on the true answer.
            result = [entry for entry in result if entry["from_name"] not in refused]
            refused = _refused(result, lease)
        if not refused:
            return result
    return written


def _refused(result: RawResult, lease: Lease) -> set[str | None]:
    """Return the fields for which the task type refuses a result; none: it is a judgment."""
    try:
        lease.task.read_result(result, lease.item, lease.presentation)
    except JudgmentInvalid as refusal:
        return {row.field for row in refusal.rows}
    return set()


def _answers(
    written: RawResult, config: LabelConfig, accuracy: float, chance: random.Random
) -> Iterator[Mapping[str, Any]]:
    """Yield each answer as written, mistaken, shortened, or not at all."""
    n_choices = sum("choices" in entry["value"] for entry in written)
    slips = (1 - accuracy) / max(n_choices, 1) ** 0.5
    for entry in written:
        found = config.find_control(entry["from_name"])
        value = entry["value"]
        if found is not None and "choices" in value and chance.random() < slips:
            value = {"choices": _mistaken(value["choices"], found[0], chance)}
        elif "text" in value:
            if chance.random() < _UNWRITTEN_SHARE:
                continue
            value = {"text": [_shortened(text, chance) for text in value["text"]]}
        if any(value.values()):
            yield {**entry, "value": value}


def _mistaken(chosen: Sequence[str], control: Control, chance: random.Random) -> list[str]:
    """Return a choice near the right one; of several, one too many or too few."""
    listed = [choice.stored for choice in control.choices]
    if control.is_multiple:
        turned = chance.choice(listed)
        return [one for one in listed if (one in chosen) != (one == turned)]
    at = listed.index(chosen[0])
    near = [place for place in (at - 1, at + 1) if 0 <= place < len(listed)]
    return [listed[chance.choice(near)]] if near else list(chosen)


def _shortened(text: str, chance: random.Random) -> str:
    """Return the text, or as much of it as an expert in a hurry writes."""
    ends = [end.start() for end in _SENTENCE_ENDS.finditer(text.rstrip())]
    if not ends or _CODE_FENCE in text or chance.random() > _SHORTENED_SHARE:
        return text
    return text[: chance.choice(ends)]
