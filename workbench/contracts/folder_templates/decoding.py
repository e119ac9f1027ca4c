"""From the editor's result to a judgment and back, and whether a judgment fits its item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from workbench.contracts.faults import explain_faults, shown
from workbench.contracts.folder_templates.items import ItemReader
from workbench.contracts.folder_templates.kinds import Unreadable, View
from workbench.contracts.folder_templates.questions import Condition, Question
from workbench.contracts.label_config import Control
from workbench.contracts.task_template import JudgmentModel, Presentation, RawResult
from workbench.errors import BadRow, JudgmentInvalid


class Decoder:
    """Reads and writes the results of one folder."""

    def __init__(
        self, questions: Sequence[Question], reader: ItemReader, model: type[JudgmentModel]
    ) -> None:
        self._questions, self._reader, self._model = questions, reader, model
        self._asked: dict[str, tuple[Question, Control]] = {
            control.name: (question, control)
            for question in questions
            for control in question.controls
        }

    def decode(self, raw: RawResult, item: Any, presentation: Presentation) -> JudgmentModel:
        faults: list[BadRow] = []
        values = self._values(raw, faults)
        order = self._order(item, presentation)
        answers: dict[str, Any] = {}
        for question in self._questions:
            for control in question.controls:
                if control.name not in values:
                    continue
                view = self._view(question, control, item, order)
                try:
                    answer = question.kind.read(values[control.name], view)
                except Unreadable as error:
                    fault = BadRow(
                        field=control.name, problem=str(error), expected=question.kind.expected
                    )
                    faults.append(fault)
                    continue
                self._put(answers, question, control, answer, view)
        if not faults:
            try:
                judgment = self._model.model_validate(answers)
            except ValidationError as error:
                faults.extend(explain_faults(error, answers, self._model))
            else:
                self.check(judgment, item)
                return judgment
        message = f"the judgment is refused: {faults[0].field} {faults[0].problem}"
        raise JudgmentInvalid(message, rows=faults)

    def encode(self, judgment: Any, item: Any, presentation: Presentation) -> list[dict[str, Any]]:
        order = self._order(item, presentation)
        results: list[dict[str, Any]] = []
        for question in self._questions:
            for control in question.controls:
                view = self._view(question, control, item, order)
                answer = self._answer(judgment, question, control, view)
                if question.kind.is_empty(answer):
                    continue
                written = question.kind.write(answer, view)
                results += [
                    {
                        "id": control.name if len(written) == 1 else f"{control.name}-{number}",
                        "from_name": control.name,
                        "to_name": control.name
                        if control.tag == "Pairwise"
                        else control.to_name[0],
                        "type": control.result_type,
                        "origin": "manual",
                        "value": value,
                    }
                    for number, value in enumerate(written)
                ]
        return results

    def check(self, judgment: Any, item: Any) -> None:
        """Refuse a judgment that does not fit its item, or answers what is not asked."""
        rows = list(self._faults(judgment, item))
        if rows:
            message = f"the judgment does not fit its item: {rows[0].field} {rows[0].problem}"
            raise JudgmentInvalid(message, rows=rows)

    def _values(self, raw: RawResult, faults: list[BadRow]) -> Mapping[str, list[Any]]:
        """Return the values of each control's results."""
        values: dict[str, list[Any]] = {}
        if not isinstance(raw, list | tuple):
            faults.append(
                BadRow(field="result", problem=f"is {shown(raw)}", expected="a list of results")
            )
            return values
        for place, entry in enumerate(raw):
            name = entry.get("from_name") if isinstance(entry, Mapping) else None
            if not isinstance(name, str) or name not in self._asked:
                problem = f"is {shown(entry if name is None else name)}"
                known = ", ".join(self._asked)
                faults.append(
                    BadRow(
                        field=f"result[{place}].from_name",
                        problem=problem,
                        expected=f"one of {known}",
                    )
                )
                continue
            question, control = self._asked[name]
            if entry.get("type") != control.result_type:
                problem = f"has the type {shown(entry.get('type'))}"
                faults.append(BadRow(field=name, problem=problem, expected=control.result_type))
                continue
            if name in values and not question.kind.is_repeated:
                expected = "one result for one control"
                faults.append(BadRow(field=name, problem="is answered twice", expected=expected))
                continue
            values.setdefault(name, []).append(entry.get("value"))
        return values

    def _order(self, item: Any, presentation: Presentation) -> Sequence[int]:
        n = len(self._reader.candidates(item))
        order = tuple(presentation) or tuple(range(n))
        if sorted(order) != list(range(n)):
            row = BadRow(
                field="presentation",
                problem=f"is {list(order)}",
                expected=f"0 to {n - 1}, each once",
            )
            message = f"the presentation {list(order)} is no order of {n} candidates"
            raise JudgmentInvalid(message, rows=[row])
        return order

    def _view(self, question: Question, control: Control, item: Any, order: Sequence[int]) -> View:
        text = ""
        if control.tag == "Labels":
            name = question.declared.of if question.is_for_each else question.data_field
            if question.is_for_each:
                name = self._reader.slots[question.controls.index(control)]
            text = self._reader.shown_text(item, name or "", order)
        return View(order=tuple(order), candidates=len(order), text=text)

    def _put(
        self,
        answers: dict[str, Any],
        question: Question,
        control: Control,
        answer: Any,
        view: View,
    ) -> None:
        if question.kind.is_empty(answer):
            return
        if not question.is_for_each:
            answers[question.field] = answer
            return
        for_each = answers.setdefault(question.field, [None] * len(question.controls))
        for_each[question.place_of(control, view)] = answer

    def _answer(self, judgment: Any, question: Question, control: Control, view: View) -> Any:
        answer = getattr(judgment, question.field)
        if question.is_for_each:
            return None if not answer else answer[question.place_of(control, view)]
        return answer

    def _faults(self, judgment: Any, item: Any) -> Iterator[BadRow]:
        order = self._order(item, ())
        chosen = self._chosen(judgment, item, order)
        for question in self._questions:
            answer = getattr(judgment, question.field)
            if question.is_for_each and answer and len(answer) != len(question.controls):
                yield BadRow(
                    field=question.field,
                    problem=f"has {len(answer)} answers",
                    expected=f"{len(question.controls)}, one for each candidate",
                )
                continue
            for control in question.controls:
                view = self._view(question, control, item, order)
                one = self._answer(judgment, question, control, view)
                is_asked = all(_holds(each, chosen) for each in question.conditions[control.name])
                yield from self._fault(question, control, one, view, is_asked=is_asked)

    def _fault(
        self, question: Question, control: Control, answer: Any, view: View, *, is_asked: bool
    ) -> Iterator[BadRow]:
        name, kind = control.name, question.kind
        if kind.is_empty(answer):
            if is_asked and question.is_required:
                yield BadRow(field=name, problem="is not answered", expected=kind.expected)
        elif not is_asked:
            yield BadRow(
                field=name,
                problem="is answered, and the other answers leave it out of sight",
                expected="no answer, or the choice that asks for it",
            )
        else:
            problem = kind.problem_with(answer, view)
            if problem is not None:
                yield BadRow(field=name, problem=problem, expected=kind.expected)

    def _chosen(
        self, judgment: Any, item: Any, order: Sequence[int]
    ) -> Mapping[str, frozenset[str]]:
        chosen: dict[str, frozenset[str]] = {}
        for name, (question, control) in self._asked.items():
            if control.tag != "Choices":
                continue
            answer = self._answer(
                judgment, question, control, self._view(question, control, item, order)
            )
            picked = (answer,) if isinstance(answer, str) else answer or ()
            chosen[name] = frozenset(picked)
        return chosen


def _holds(condition: Condition, chosen: Mapping[str, frozenset[str]]) -> bool:
    is_chosen = bool(condition.choices & chosen.get(condition.control, frozenset()))
    return is_chosen is condition.is_selected
