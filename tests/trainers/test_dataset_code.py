"""LLaMA-Factory's and Axolotl's own code for data sets reads exports as they are, row by row."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import transformers.utils.import_utils

from tests.trainers.conftest import CHATML, Export, load_rows

KINDS = ("parquet", "jsonl")


@pytest.fixture(scope="module", autouse=True)
def without_sound() -> None:
    """Load LLaMA-Factory's code without `torchaudio`, which it imports for sound that no row has."""
    assert not transformers.utils.import_utils.is_torchaudio_available()
    sys.modules["torchaudio"] = ModuleType("torchaudio")
    try:
        importlib.import_module("llamafactory.data")
    finally:
        del sys.modules["torchaudio"]


def aligned(exports: list[Any], key: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows, and what LLaMA-Factory makes of them by the `dataset_info.json` beside them."""
    from llamafactory.data.converter import get_dataset_converter
    from llamafactory.data.parser import get_dataset_list

    pairs = []
    for exported in exports:
        (attributes,) = get_dataset_list([key], str(exported.folder))
        assert (exported.folder / attributes.dataset_name).is_file()
        convert = get_dataset_converter(
            attributes.formatting, attributes, SimpleNamespace(media_dir=str(exported.folder))
        )
        pairs += [(row, convert(row)) for row in load_rows([exported])]
    return pairs


@pytest.mark.parametrize("kind", KINDS)
def test_llama_factory_reads_pairs(export: Export, kind: str) -> None:
    key = "llama_factory_ranking"
    pairs = aligned(export("pairwise_preference", key, kind), key)
    assert len(pairs) > 1
    for row, read in pairs:
        said = [one["value"] for one in row["conversations"] if one["from"] != "system"]
        assert [one["content"] for one in read["_prompt"]] == said
        answers = [row["chosen"]["value"], row["rejected"]["value"]]
        assert [one["content"] for one in read["_response"]] == answers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("template", ["binary_feedback", "safety_review"])
def test_llama_factory_reads_labels(export: Export, template: str, kind: str) -> None:
    key = "llama_factory_kto"
    pairs = aligned(export(template, key, kind), key)
    assert len(pairs) > 1
    for row, read in pairs:
        *said, answer = [one["content"] for one in row["messages"] if one["role"] != "system"]
        assert [one["content"] for one in read["_prompt"]] == said
        # The response that is not there is how it tells a desirable one from an undesirable one.
        assert [one["content"] for one in read["_response"]] == (
            [answer, ""] if row["label"] else ["", answer]
        )


@pytest.mark.parametrize("kind", KINDS)
def test_axolotl_reads_pairs(export: Export, tokenizer: Any, kind: str) -> None:
    from axolotl.prompt_strategies.dpo.chat_template import default

    rows = load_rows(export("pairwise_preference", "axolotl_chat_template", kind))
    settings = {"chat_template": "tokenizer_default", "datasets": [{}]}
    transform, _ = default(settings)
    assert len(rows) > 1
    for row in rows:
        read = transform(row, tokenizer=tokenizer)
        for name in ("chosen", "rejected"):
            assert read[name].removesuffix("<|im_end|>") == row[name]["content"]
        assert read["prompt"] == tokenizer.apply_chat_template(
            row["messages"], chat_template=CHATML, add_generation_prompt=True, tokenize=False
        )


@pytest.mark.parametrize("kind", KINDS)
def test_axolotl_reads_labels(export: Export, kind: str) -> None:
    from axolotl.prompt_strategies.kto.chatml import prompt_pairs

    rows = load_rows(export("binary_feedback", "axolotl_kto", kind))
    transform = prompt_pairs({})
    assert len(rows) > 1
    for row in rows:
        read = transform(dict(row))
        assert read["completion"] == f"{row['completion']}<|im_end|>"
        assert row["prompt"] in read["prompt"]
        assert row["system"] in read["prompt"]
        assert read["label"] is row["label"]
