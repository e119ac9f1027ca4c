"""Reading and writing the editor's result list against the configuration it was made with.

Nothing before this has looked at a result: whatever a browser or a Label Studio server sends is
checked here, and every fault in it is named at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workbench.contracts.faults import explain_faults, shown
from workbench.contracts.label_config import Control, LabelConfig
from workbench.contracts.task_template import RawResult
from workbench.errors import BadRow, JudgmentInvalid, TemplateBroken

_READABLE = {"Choices": "choices", "TextArea": "text"}
"""The key of the answer in `value`, by tag."""

M = TypeVar("M", bound=BaseModel)


class ResultReader:
    """The answers in one result list.

    Args:
        raw: The editor's result list, from an untrusted sender.
        config: The configuration that the editor was given.
        repeats: How many times each repeated control is there.
    """

    def __init__(self, raw: RawResult, config: LabelConfig, *, repeats: int = 0) -> None:
        self._config = config
        self._repeats = repeats
        self._answers: dict[str, list[str]] = {}
        self._faults: list[BadRow] = []
        if not isinstance(raw, list | tuple):
            self.add_fault("result", f"is {shown(raw)}", "a list of results")
            return
        for place, entry in enumerate(raw):
            self._take(place, entry)

    def add_fault(self, field: str, problem: str, expected: str) -> None:
        self._faults.append(BadRow(field=field, problem=problem, expected=expected))

    def read_choice(
        self, name: str, index: int | None = None, *, is_required: bool = False
    ) -> str | None:
        """Return the stored form of the choice made, None where none was made."""
        answer = self._answer(name, index, "Choices")
        if answer is None and is_required:
            control = self._config.get_control(name)
            self.add_fault(control.named(index), "is not answered", _listed(control))
        return answer[0] if answer else None

    def read_choices(self, name: str, index: int | None = None) -> tuple[str, ...]:
        """Return the stored forms of the choices made, in the order of the configuration."""
        answer = self._answer(name, index, "Choices") or ()
        listed = (choice.stored for choice in self._config.get_control(name).choices)
        return tuple(choice for choice in listed if choice in answer)

    def read_text(self, name: str, index: int | None = None) -> str:
        """Return the text written, entries of one control on lines of their own."""
        return "\n".join(self._answer(name, index, "TextArea") or ())

    def build(self, model: type[M], **values: Any) -> M:
        """Make the judgment, or refuse the result with every fault found in it.

        Raises:
            JudgmentInvalid: With one row per fault.
        """
        if not self._faults:
            try:
                return model.model_validate(values)
            except ValidationError as error:
                self._faults.extend(explain_faults(error, values, model))
        message = f"the judgment is refused: {self._faults[0].field} {self._faults[0].problem}"
        raise JudgmentInvalid(message, rows=self._faults)

    def _answer(self, name: str, index: int | None, tag: str) -> list[str] | None:
        control = self._config.get_control(name)
        if control.tag != tag or control.is_repeated != (index is not None):
            message = f"{name!r} is a {control.tag} and cannot be read as {tag} at {index}"
            raise TemplateBroken(message)
        return self._answers.get(control.named(index))

    def _take(self, place: int, entry: Any) -> None:
        if not isinstance(entry, Mapping):
            self.add_fault(f"result[{place}]", f"is {shown(entry)}", "an object")
            return
        from_name = entry.get("from_name")
        found = self._config.find_control(from_name) if isinstance(from_name, str) else None
        if found is None or (found[1] is not None and found[1] >= self._repeats):
            known = ", ".join(self._config.controls)
            self.add_fault(
                f"result[{place}].from_name", f"is {shown(from_name)}", f"one of {known}"
            )
            return
        control, index = found
        name = control.named(index)
        if name in self._answers:
            self.add_fault(name, "is answered twice", "one result for one control")
            return
        self._answers[name] = []
        if entry.get("type") != control.result_type:
            self.add_fault(name, f"has the type {shown(entry.get('type'))}", control.result_type)
            return
        self._answers[name] = self._read_answer(name, control, entry.get("value"))

    def _read_answer(self, name: str, control: Control, value: Any) -> list[str]:
        key = _READABLE.get(control.tag)
        if key is None:
            message = f"the results of {control.tag} cannot be read yet ({control.name!r})"
            raise TemplateBroken(message)
        answer = value.get(key) if isinstance(value, Mapping) else None
        if not isinstance(answer, list) or not all(isinstance(text, str) for text in answer):
            self.add_fault(name, f"has the value {shown(value)}", f'{{"{key}": [text, …]}}')
            return []
        if control.tag == "Choices" and not self._fits(name, control, answer):
            return []
        return answer

    def _fits(self, name: str, control: Control, answer: list[str]) -> bool:
        allowed = {choice.stored for choice in control.choices}
        strange = [text for text in answer if text not in allowed]
        for text in strange:
            self.add_fault(name, f"is {shown(text)}", _listed(control))
        is_fit = len(answer) == 1 or (control.is_multiple and 0 < len(answer) == len(set(answer)))
        if not is_fit:
            expected = "different choices, or no result" if control.is_multiple else "one choice"
            self.add_fault(name, f"has {len(answer)} choices", expected)
        return is_fit and not strange


def _listed(control: Control) -> str:
    return f"one of {', '.join(choice.stored for choice in control.choices)}"


class ResultWriter:
    """Builds the result list that the editor shows as already answered."""

    def __init__(self, config: LabelConfig) -> None:
        self._config = config
        self.results: list[dict[str, Any]] = []

    def write_choice(self, name: str, choice: str, index: int | None = None) -> None:
        self._write(name, index, "choices", [choice])

    def write_choices(self, name: str, choices: Sequence[str], index: int | None = None) -> None:
        """Write several choices; none at all is an untouched control, which yields no result."""
        if choices:
            self._write(name, index, "choices", list(choices))

    def write_text(self, name: str, text: str, index: int | None = None) -> None:
        """Write a text; an empty one is an untouched control, which yields no result."""
        if text:
            self._write(name, index, "text", [text])

    def _write(self, name: str, index: int | None, key: str, answer: list[str]) -> None:
        control = self._config.get_control(name)
        self.results.append(
            {
                "id": control.named(index),
                "from_name": control.named(index),
                "to_name": control.to_named(index),
                "type": control.result_type,
                "origin": "manual",
                "value": {key: answer},
            }
        )
