"""Rows as their publishers wrote them: what becomes of each, and why some are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.contracts.importer import Imported, NotCarried
from workbench.contracts.registry import get_importer


def convert(key: str, row: dict[str, Any], **options: Any) -> Imported:
    importer = get_importer(key)
    said: Imported = importer.convert(importer.row(**row), importer.options(**options))
    return said


def refused(key: str, row: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(NotCarried) as refusal:
        convert(key, row)
    fault = refusal.value.row
    assert fault.expected
    return fault.field, fault.problem


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


BATTLE: dict[str, Any] = {
    "question_id": "58210e39b3fd4441a2bd4a518bb44c2d",
    "model_a": "chatglm-6b",
    "model_b": "koala-13b",
    "winner": "model_b",
    "judge": "arena_user_973",
    "conversation_a": [{**user("OpenCL or CUDA?"), "num_tokens": 11}, assistant("Both.")],
    "conversation_b": [{**user("OpenCL or CUDA?"), "num_tokens": 11}, assistant("CUDA.")],
    "turn": 1,
    "anony": True,
    "language": "English",
    "tstamp": 1682351591.1322,
}


def test_a_battle_is_a_comparison_and_its_judges_judgment() -> None:
    said = convert("lmsys_battles", BATTLE)
    assert said.external_id == BATTLE["question_id"]
    assert said.item == {
        "prompt": "OpenCL or CUDA?",
        "responses": [
            {"text": "Both.", "model": "chatglm-6b"},
            {"text": "CUDA.", "model": "koala-13b"},
        ],
    }
    assert said.metadata == {"anony": True, "language": "English"}
    (judgment,) = said.judgments
    assert (judgment.annotator, judgment.value) == ("arena_user_973", {"strength": 1})
    assert judgment.created_at == datetime(2023, 4, 24, 15, 53, 11, 132200, UTC)


@pytest.mark.parametrize(
    ("winner", "strength"),
    [("model_a", -2), ("model_b", 2), ("tie", 0), ("tie (bothbad)", "neither")],
)
def test_a_winner_is_a_strength(winner: str, strength: int | str) -> None:
    (judgment,) = convert("lmsys_battles", {**BATTLE, "winner": winner}, strength=2).judgments
    assert judgment.value == {"strength": strength}


def test_models_that_answered_differently_before_share_no_prompt() -> None:
    turns = [user("And now?"), assistant("Well.")]
    row = {
        **BATTLE,
        "conversation_a": [*BATTLE["conversation_a"], *turns],
        "conversation_b": [*BATTLE["conversation_b"], *turns],
    }
    field, problem = refused("lmsys_battles", row)
    assert (field, problem) == (
        "conversation_b",
        "differs from the other conversation at message 2",
    )


GRADED: dict[str, Any] = {
    "labeler": "340d89bc-f5b7-45e9-b272-909ba68ee363",
    "timestamp": "2023-01-22T04:34:27.052924",
    "generation": 9,
    "is_quality_control_question": False,
    "is_initial_screening_question": False,
    "question": {
        "problem": "What is the greatest common factor of $20 !$ and $200,\\!000$?",
        "ground_truth_solution": "The prime factorization …",
        "ground_truth_answer": "40,\\!000",
        "pre_generated_steps": ["I want to find …", "I know that …", "To factor $20 !$, …"],
        "pre_generated_answer": "320,000",
        "pre_generated_verifier_score": 0.010779580529581414,
    },
    "label": {
        "steps": [
            {
                "completions": [{"text": "I want to find …", "rating": 0, "flagged": None}],
                "human_completion": None,
                "chosen_completion": 0,
            },
            {
                "completions": [
                    {"text": "Something else", "rating": 1, "flagged": False},
                    {"text": "I know that …", "rating": -1, "flagged": None},
                ],
                "human_completion": None,
                "chosen_completion": None,
            },
        ],
        "total_time": 278270,
        "finish_reason": "found_error",
    },
}


def test_a_labelled_solution_is_an_item_and_nothing_of_its_row_is_lost() -> None:
    said = convert("prm800k", GRADED)
    assert said.item == {
        "problem": GRADED["question"]["problem"],
        "steps": GRADED["question"]["pre_generated_steps"],
        "reference_answer": "40,\\!000",
    }
    assert said.metadata == {
        "generation": 9,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "ground_truth_solution": "The prime factorization …",
            "pre_generated_answer": "320,000",
            "pre_generated_verifier_score": 0.010779580529581414,
        },
        "other_completions": [{"step": 1, "text": "Something else", "rating": 1, "flagged": False}],
    }
    (judgment,) = said.judgments
    assert judgment.value == {"ratings": [0, -1], "verdict": "found_error", "alternatives": {}}
    assert (judgment.annotator, judgment.seconds) == (GRADED["labeler"], 278.27)


def test_a_solution_that_goes_on_from_the_labelers_own_step_is_refused() -> None:
    first, second = GRADED["label"]["steps"]
    steps = [{**first, "chosen_completion": None, "human_completion": {"text": "Mine"}}, second]
    row = {**GRADED, "label": {**GRADED["label"], "steps": steps}}
    assert refused("prm800k", row) == (
        "label.steps[0].chosen_completion",
        "is null before the last step",
    )


COMPARED: dict[str, Any] = {
    "info": {"id": "t3_2vwp1w", "post": "I had a car accident.", "title": "Dutch law?",
             "subreddit": "legaladvice"},
    "summaries": [
        {"text": " car accident", "policy": "sup4_ppo_rm3_kl10", "note": "Was it fast."},
        {"text": " we suspect", "policy": "ref", "note": None},
    ],
    "choice": 1,
    "worker": "ikNmucwunMnYJCQpnq6ZYb57OW7NiD",
    "batch": "batch9",
    "split": "train",
    "extra": {"confidence": 8},
}  # fmt: skip


def test_a_choice_between_summaries_keeps_the_workers_notes() -> None:
    said = convert("summarize_from_feedback", COMPARED)
    assert said.item is not None
    assert said.item["prompt"] == (
        "SUBREDDIT: r/legaladvice\nTITLE: Dutch law?\nPOST: I had a car accident.\nTL;DR:"
    )
    assert said.item["responses"][1] == {"text": " we suspect", "model": "ref"}
    assert said.metadata == {"id": "t3_2vwp1w", "batch": "batch9", "split": "train"}
    (judgment,) = said.judgments
    assert judgment.value == {
        "strength": 1,
        "rationale": "confidence: 8\nNote on summary 1: Was it fast.",
    }
    other = {**COMPARED, "worker": "another", "choice": 0, "extra": {"confidence": 2}}
    assert convert("summarize_from_feedback", other).external_id == said.external_id


def test_hh_texts_are_cut_at_their_marks() -> None:
    text = "\n\nHuman: Hi\n\nAssistant: Hello:\n\nwhat?\n\nHuman:  two\n\nAssistant:"
    said = convert("anthropic_hh", {"chosen": f"{text} It is blue.", "rejected": f"{text}"})
    assert said.item == {
        "prompt": [user("Hi"), assistant("Hello:\n\nwhat?"), user(" two")],
        "responses": [{"text": "It is blue."}, {"text": ""}],
    }


@pytest.mark.parametrize(
    ("chosen", "rejected", "fault"),
    [
        ("Hello", "\n\nHuman: a\n\nAssistant: b", ("chosen", "does not begin with a turn")),
        (
            "\n\nHuman: a\n\nAssistant: b",
            "\n\nHuman: c\n\nAssistant: b",
            ("rejected", "differs from the other conversation at message 1"),
        ),
        (
            "\n\nHuman: a",
            "\n\nHuman: a\n\nAssistant: b",
            ("chosen", "ends with a message of the user"),
        ),
    ],
)
def test_hh_texts_without_a_common_prompt_are_refused(
    chosen: str, rejected: str, fault: tuple[str, str]
) -> None:
    assert refused("anthropic_hh", {"chosen": chosen, "rejected": rejected}) == fault


@pytest.mark.parametrize(
    ("margin", "strengths"),
    [(None, [-1]), (0.0, [-1]), (3.0, [-3]), (1.5, [-2, -1]), (7 / 3, [-3, -2, -2])],
)
def test_a_margin_is_the_mean_of_as_few_strengths_as_can_be(
    margin: float | None, strengths: list[int]
) -> None:
    row = {"prompt": "a", "chosen": " b", "rejected": " c", "margin": margin}
    said = convert("trl_preference", row)
    assert [one.value for one in said.judgments] == [{"strength": one} for one in strengths]


def test_a_margin_on_another_scale_is_kept_aside_if_that_is_asked_for() -> None:
    row = {"prompt": "a", "chosen": " b", "rejected": " c", "margin": 0.731}
    assert refused("trl_preference", row) == ("margin", "is 0.731")
    said = convert("trl_preference", row, margin="metadata", strength=2)
    assert (said.metadata, len(said.judgments)) == ({"margin": 0.731}, 1)


def test_texts_that_begin_with_their_prompt_cannot_be_cut() -> None:
    row = {"chosen": "The sky is blue.", "rejected": "The sky is green."}
    assert refused("trl_preference", row) == ("prompt", "is missing")


def test_what_a_message_says_with_tools_is_not_dropped_silently() -> None:
    row = {
        "chosen": [user("a"), {**assistant("b"), "tool_calls": [{"name": "x"}]}],
        "rejected": [user("a"), assistant("c")],
    }
    assert refused("trl_preference", row)[0] == "chosen[1].tool_calls"


def test_scores_of_ultrafeedback_are_kept_beside_the_item() -> None:
    chosen = [user("a"), assistant("b")]
    row = {
        "prompt": "a",
        "prompt_id": "086b",
        "chosen": chosen,
        "rejected": [user("a"), assistant("c")],
        "messages": chosen,
        "score_chosen": 8.5,
        "score_rejected": 8.0,
    }
    said = convert("ultrafeedback_binarized", row)
    assert said.metadata == {"prompt_id": "086b", "score_chosen": 8.5, "score_rejected": 8.0}


def test_labels_of_different_numbers_of_people_are_refused() -> None:
    names = ("helpfulness", "correctness", "coherence", "complexity")
    row = {
        "prompt": "c#",
        "response": "C# is",
        **{name: [3, 3] for name in names},
        "verbosity": [2],
    }
    assert refused("helpsteer2_disagreements", row) == ("verbosity", "has 1 labels")


def test_those_who_found_neither_valid_are_not_lost() -> None:
    row = {
        "split": "train",
        "prompt": "c#\n<extra_id_1>Assistant\nYes?\n<extra_id_1>User\nMore.",
        "response_1": "C# is …",
        "response_2": "C#: …",
        "preference_strength": -2,
        "preference_statement": "Response 1 is better than Response 2.",
        "preference_elaboration": "Response 1 explains …",
        "three_most_similar_preferences": [],
        "all_preferences_unprocessed": [
            {"strength": -2, "justification": "@Response 1 is better"},
            {"strength": -100, "justification": "Neither response is valid …"},
        ],
    }
    said = convert("helpsteer2_preference", row)
    assert said.item is not None
    assert said.item["prompt"] == [user("c#"), assistant("Yes?"), user("More.")]
    assert said.metadata == {"split": "train"}
    assert [one.value["strength"] for one in said.judgments if one.value] == [-2, "neither"]


def test_tasks_name_who_annotated_in_each_way_that_label_studio_does() -> None:
    annotation = {"result": [], "was_cancelled": False}
    row = {
        "id": 7,
        "data": {},
        "annotations": [
            {**annotation, "completed_by": 3},
            {**annotation, "completed_by": {"email": "a@b.c", "id": 4}},
            {**annotation, "was_cancelled": True, "completed_by": 5},
        ],
    }
    said = convert("label_studio_json", row)
    assert (said.external_id, said.item) == ("7", None)
    assert [one.annotator for one in said.judgments] == ["label-studio-3", "a@b.c"]
    assert [(one.field, one.problem) for one in said.left_behind] == [
        ("annotations[2]", "was skipped")
    ]
