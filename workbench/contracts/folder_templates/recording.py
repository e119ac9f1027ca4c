"""The training records of a settled item, as `template.toml` asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, assert_never

from workbench.contracts.conversation import Candidate
from workbench.contracts.folder_templates.declaration import (
    CompletionRecord,
    Declaration,
    DeclaredRecord,
    FieldKind,
    PreferenceRecord,
    RankingRecord,
    RatedRecord,
    UnpairedRecord,
)
from workbench.contracts.folder_templates.items import ItemReader
from workbench.contracts.folder_templates.orders import Ranks, Tiers
from workbench.contracts.folder_templates.questions import Question
from workbench.contracts.records import (
    AttributeRating,
    Given,
    GivenRanks,
    Message,
    Preference,
    Prompt,
    PromptCompletion,
    Ranking,
    RatedResponse,
    Record,
    RecordKind,
    Response,
    UnpairedPreference,
)
from workbench.contracts.task_template import Settlement

_NONE = Candidate(text="")


class Recorder:
    """Makes the records of one folder."""

    def __init__(
        self, declaration: Declaration, questions: Sequence[Question], reader: ItemReader
    ) -> None:
        self._declaration, self._reader = declaration, reader
        self._questions = {question.field: question for question in questions}
        declared = [RecordKind(record.kind) for record in declaration.records]
        responses = [RecordKind.RESPONSE] if reader.list_field or reader.slots else []
        self.kinds = tuple(dict.fromkeys([*declared, RecordKind.PROMPT, *responses]))

    def records(
        self, item: Any, settlement: Settlement, given: Sequence[Given]
    ) -> Sequence[Record]:
        """Yield the prompt, the candidates, and what was declared as far as it is settled."""
        if settlement.value is None:
            return ()
        prompt = self._reader.messages(item)
        found: list[Record] = [Prompt(prompt=prompt)]
        found += [
            Response(prompt=prompt, response_index=index, response=one.text, model=one.model)
            for index, one in enumerate(self._reader.candidates(item))
        ]
        for declared in self._declaration.records:
            found += self._declared(declared, item, prompt, settlement, given)
        return found

    def _declared(
        self,
        declared: DeclaredRecord,
        item: Any,
        prompt: Sequence[Message],
        settlement: Settlement,
        given: Sequence[Given],
    ) -> Iterator[Record]:
        match declared:
            case PreferenceRecord():
                yield from self._preferences(declared, item, prompt, settlement)
            case RankingRecord():
                yield from self._ranking(declared, item, prompt, settlement, given)
            case UnpairedRecord():
                yield from self._unpaired(declared, item, prompt, settlement, given)
            case RatedRecord():
                yield from self._rated(declared, item, prompt, settlement, given)
            case CompletionRecord():
                yield from self._completions(declared, item, prompt, given)
            case _:
                assert_never(declared)

    def _preferences(
        self,
        declared: PreferenceRecord,
        item: Any,
        prompt: Sequence[Message],
        settlement: Settlement,
    ) -> Iterator[Record]:
        candidates, value = self._reader.candidates(item), settlement.value.get(declared.field)
        ranks = self._ranks(declared.field, value)
        if ranks is None:
            pairs = [(0, 1)] * (value in declared.first) + [(1, 0)] * (value in declared.second)
        else:
            pairs = [
                (one, other) if ranks[one] < ranks[other] else (other, one)
                for one, other in combinations(range(len(ranks)), 2)
                if ranks[one] != ranks[other]
            ]
        for better, worse in pairs:
            chosen, rejected = candidates[better], candidates[worse]
            yield Preference(
                prompt=prompt,
                chosen=chosen.text,
                rejected=rejected.text,
                margin=None if ranks is None else float(ranks[worse] - ranks[better]),
                chosen_model=chosen.model,
                rejected_model=rejected.model,
                soft_label=settlement.confidence if ranks is None else None,
            )

    def _ranks(self, field: str, answer: Any) -> Sequence[int] | None:
        """Return the ranks in an answer to a Ranker, None where it is something else."""
        kind = self._questions[field].kind
        if answer is None or not isinstance(kind, Ranks | Tiers):
            return None
        return kind.ranks(answer) if isinstance(kind, Tiers) else list(answer)

    def _ranking(
        self,
        declared: RankingRecord,
        item: Any,
        prompt: Sequence[Message],
        settlement: Settlement,
        given: Sequence[Given],
    ) -> Iterator[Record]:
        ranks = self._ranks(declared.field, settlement.value.get(declared.field))
        if ranks is None:
            return
        candidates = self._reader.candidates(item)
        by_annotator = [
            (one.annotator, self._ranks(declared.field, getattr(one.value, declared.field)))
            for one in given
        ]
        yield Ranking(
            prompt=prompt,
            responses=[one.text for one in candidates],
            models=[one.model for one in candidates],
            ranks=ranks,
            unacceptable=[False] * len(ranks),
            judgments=[
                GivenRanks(annotator=annotator, ranks=own, unacceptable=[False] * len(own))
                for annotator, own in by_annotator
                if own is not None
            ],
        )

    def _unpaired(
        self,
        declared: UnpairedRecord,
        item: Any,
        prompt: Sequence[Message],
        settlement: Settlement,
        given: Sequence[Given],
    ) -> Iterator[Record]:
        answer = settlement.value.get(declared.field)
        if answer not in (*declared.good, *declared.bad):
            return
        said = [getattr(one.value, declared.field) for one in given]
        good = sum(one in declared.good for one in said)
        n = good + sum(one in declared.bad for one in said)
        reasons = settlement.value.get(declared.reasons) if declared.reasons else None
        completion = self._text_of(item, declared.completion)
        yield UnpairedPreference(
            prompt=prompt,
            completion=completion.text,
            label=answer in declared.good,
            soft_label=good / n if n else None,
            reasons=[str(reason) for reason in reasons or ()],
            model=completion.model,
        )

    def _text_of(self, item: Any, field: str | None) -> Candidate:
        value = None if field is None else getattr(item, field)
        if isinstance(value, Candidate):
            return value
        return _NONE if field is None else Candidate(text=self._reader.text(item, field))

    def _rated(
        self,
        declared: RatedRecord,
        item: Any,
        prompt: Sequence[Message],
        settlement: Settlement,
        given: Sequence[Given],
    ) -> Iterator[Record]:
        if declared.completion is None:
            rated = self._reader.candidates(item)
        else:
            rated = [self._text_of(item, declared.completion)]
        for index, candidate in enumerate(rated):
            ratings = [self._rating(field, index, settlement, given) for field in declared.fields]
            settled = [one for one in ratings if one is not None]
            if settled:
                yield RatedResponse(
                    prompt=prompt,
                    response_index=index,
                    response=candidate.text,
                    model=candidate.model,
                    ratings=settled,
                )

    def _rating(
        self, field: str, index: int, settlement: Settlement, given: Sequence[Given]
    ) -> AttributeRating | None:
        question = self._questions[field]
        value = settlement.value.get(field)
        if question.is_for_each:
            value = None if value is None else value[index]
        if value is None:
            return None
        answers = [getattr(one.value, field) for one in given]
        own = [one[index] if question.is_for_each else one for one in answers if one is not None]
        labels = [question.kind.values(one)[""] for one in own if one is not None]
        number = value if isinstance(value, float) else question.kind.values(value)[""]
        return AttributeRating(
            attribute=field, value=float(number), labels=[int(label) for label in labels]
        )

    def _completions(
        self,
        declared: CompletionRecord,
        item: Any,
        prompt: Sequence[Message],
        given: Sequence[Given],
    ) -> Iterator[Record]:
        original = self._text_of(item, declared.original).text if declared.original else None
        for one in given:
            written = getattr(one.value, declared.field)
            if not written:
                continue
            critique = getattr(one.value, declared.critique) if declared.critique else None
            yield PromptCompletion(
                prompt=prompt, completion=written, original=original, critique=critique or None
            )


def shows_text(declaration: Declaration, field: str) -> bool:
    """Say whether a field of the item holds one text."""
    declared: Mapping[str, Any] = declaration.fields
    return field in declared and declared[field].kind in {FieldKind.MARKDOWN, FieldKind.TEXT}
