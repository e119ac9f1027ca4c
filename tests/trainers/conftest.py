"""Exported releases of the task types' examples, and models small enough to train on them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.judged_examples import freeze_examples
from workbench.clock import FixedClock
from workbench.contracts.exporter import ExportFormat
from workbench.contracts.registry import get_exporter
from workbench.database.session import Database
from workbench.migrations.runner import upgrade
from workbench.releases.export import Exported, export_release, read_options
from workbench.releases.freeze import FrozenRelease
from workbench.settings import Settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DISABLE_VERSION_CHECK"] = "1"

Export = Callable[..., list[Exported]]

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def releases_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[FrozenRelease]]:
    @cache
    def freeze(template: str) -> list[FrozenRelease]:
        folder = tmp_path_factory.mktemp(template)
        database = Database.open(f"sqlite:///{folder / 'workbench.db'}", pool_size=2)
        upgrade(database.engine)
        settings = Settings(data_dir=folder / "data", database_url="")
        clock = FixedClock(datetime(2026, 5, 1, 10, tzinfo=UTC))
        try:
            return freeze_examples(database, settings, clock, template)
        finally:
            database.dispose()

    return freeze


@pytest.fixture
def export(releases_of: Callable[[str], list[FrozenRelease]], tmp_path: Path) -> Export:
    """Export every release of a task type's examples that has rows of a format."""

    def write(template: str, key: str, kind: str = "parquet", **options: Any) -> list[Exported]:
        exporter = get_exporter(key)
        exports = [
            export_release(
                release.folder,
                manifest_sha256=None,
                exporter=exporter,
                options=read_options(exporter, options),
                format=ExportFormat(kind),
                to=tmp_path / f"{key}-{kind}-{number}",
            )
            for number, release in enumerate(releases_of(template))
        ]
        with_rows = [exported for exported in exports if exported.rows]
        assert with_rows, f"{template} has no rows of {key}"
        return with_rows

    return write


def load_rows(exports: list[Exported]) -> Any:
    """Load the files as a training script does, without touching a row."""
    from datasets import load_dataset

    paths = [str(exported.path) for exported in exports]
    kind = "parquet" if paths[0].endswith(".parquet") else "json"
    loaded = load_dataset(
        kind, data_files=paths, split="train", cache_dir=str(exports[0].folder / "cache")
    )
    assert len(loaded) == sum(exported.rows for exported in exports)
    return loaded


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """Bytes as tokens, so that no text is lost, with the marks of ChatML."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE({letter: place for place, letter in enumerate(letters)}, []))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=bytewise,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHATML,
        clean_up_tokenization_spaces=False,
    )


@pytest.fixture
def tiny(tokenizer: Any) -> Callable[..., Any]:
    """Make a model of two layers with random weights."""
    import torch
    from transformers import Qwen2Config

    def make(kind: type[Any], **more: Any) -> Any:
        torch.manual_seed(0)
        config = Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
            **more,
        )
        return kind(config)

    return make
