"""One optimiser step of each of TRL's trainers on an exported release, as it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from transformers import (
    Qwen2ForCausalLM,
    Qwen2ForSequenceClassification,
    Qwen2ForTokenClassification,
)
from trl import (
    DPOConfig,
    DPOTrainer,
    KTOConfig,
    KTOTrainer,
    RewardConfig,
    RewardTrainer,
    SFTConfig,
    SFTTrainer,
)
from trl.experimental.prm import PRMConfig, PRMTrainer

from tests.trainers.conftest import Export, load_rows

KINDS = ("parquet", "jsonl")
FORMS = ("standard", "conversational")


def settings_of(rows: Dataset, to: Path) -> Mapping[str, Any]:
    """One step over all rows, none of them cut, with nothing saved."""
    return {
        "output_dir": str(to),
        "max_steps": 1,
        "per_device_train_batch_size": len(rows),
        "learning_rate": 1e-3,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "use_cpu": True,
        "bf16": False,
        "max_length": None,
    }


def take_a_step(trainer: Any) -> None:
    before = {name: one.detach().clone() for name, one in trainer.model.named_parameters()}
    outcome = trainer.train()
    assert outcome.global_step == 1
    assert math.isfinite(outcome.training_loss)
    assert outcome.training_loss > 0
    assert any(
        not one.detach().equal(before[name]) for name, one in trainer.model.named_parameters()
    )


def text_of(messages: str | list[dict[str, str]]) -> list[str]:
    return [messages] if isinstance(messages, str) else [one["content"] for one in messages]


def assert_arrived(tokenizer: Any, ids: Any, *texts: str | list[dict[str, str]]) -> None:
    decoded = tokenizer.decode(ids)
    for one in texts:
        assert all(part in decoded for part in text_of(one))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_dpo(
    export: Export, tokenizer: Any, tiny: Callable[..., Any], tmp_path: Path, form: str, kind: str
) -> None:
    rows = load_rows(export("pairwise_preference", "trl_preference", kind, form=form))
    trainer = DPOTrainer(
        model=tiny(Qwen2ForCausalLM),
        ref_model=tiny(Qwen2ForCausalLM),
        args=DPOConfig(**settings_of(rows, tmp_path / "out")),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows) > 1
    for row, tokens in zip(rows, trainer.train_dataset, strict=True):
        assert_arrived(tokenizer, tokens["prompt_ids"], row["prompt"])
        assert_arrived(tokenizer, tokens["chosen_ids"], row["chosen"])
        assert_arrived(tokenizer, tokens["rejected_ids"], row["rejected"])
    take_a_step(trainer)


@pytest.mark.parametrize("form", FORMS)
def test_reward(
    export: Export, tokenizer: Any, tiny: Callable[..., Any], tmp_path: Path, form: str
) -> None:
    rows = load_rows(export("pairwise_preference", "trl_preference", form=form, prompt="implicit"))
    assert len(set(rows["margin"])) > 1
    trainer = RewardTrainer(
        model=tiny(Qwen2ForSequenceClassification, num_labels=1),
        args=RewardConfig(**settings_of(rows, tmp_path / "out")),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows) > 1
    for row, tokens in zip(rows, trainer.train_dataset, strict=True):
        assert tokens["margin"] == row["margin"]
        assert_arrived(tokenizer, tokens["chosen_ids"], row["chosen"])
        assert_arrived(tokenizer, tokens["rejected_ids"], row["rejected"])
    take_a_step(trainer)


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("binary_feedback", "trl_unpaired_preference"),
        ("pairwise_preference", "trl_unpaired_from_pairs"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_kto(
    export: Export,
    tokenizer: Any,
    tiny: Callable[..., Any],
    tmp_path: Path,
    template: str,
    key: str,
    form: str,
) -> None:
    rows = load_rows(export(template, key, form=form))
    assert set(rows["label"]) == {True, False}
    trainer = KTOTrainer(
        model=tiny(Qwen2ForCausalLM),
        ref_model=tiny(Qwen2ForCausalLM),
        args=KTOConfig(**settings_of(rows, tmp_path / "out")),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows) > 1
    assert sorted(trainer.train_dataset["label"]) == sorted(rows["label"])
    take_a_step(trainer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("neutral", ["true", "false"])
def test_prm(
    export: Export,
    tokenizer: Any,
    tiny: Callable[..., Any],
    tmp_path: Path,
    neutral: str,
    kind: str,
) -> None:
    rows = load_rows(export("step_grading", "trl_stepwise", kind, neutral=neutral))
    trainer = PRMTrainer(
        model=tiny(Qwen2ForTokenClassification, num_labels=2),
        args=PRMConfig(max_completion_length=None, **settings_of(rows, tmp_path / "out")),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows) > 1
    for row, tokens in zip(rows, trainer.train_dataset, strict=True):
        trained = [label for label in tokens["labels"] if label >= 0]
        assert trained == [int(label) for label in row["labels"]]
        decoded = tokenizer.decode(tokens["input_ids"])
        assert decoded == row["prompt"] + "".join(f"{step}\n" for step in row["completions"])
    take_a_step(trainer)


@pytest.mark.parametrize("template", ["demonstration", "critique_and_edit"])
@pytest.mark.parametrize("form", FORMS)
def test_sft(
    export: Export,
    tokenizer: Any,
    tiny: Callable[..., Any],
    tmp_path: Path,
    template: str,
    form: str,
) -> None:
    rows = load_rows(export(template, "trl_prompt_completion", form=form))
    trainer = SFTTrainer(
        model=tiny(Qwen2ForCausalLM),
        args=SFTConfig(**settings_of(rows, tmp_path / "out")),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == len(rows) > 1
    for row, tokens in zip(rows, trainer.train_dataset, strict=True):
        assert_arrived(tokenizer, tokens["input_ids"], row["prompt"], row["completion"])
    take_a_step(trainer)
