"""verl's prompts for PPO and GRPO, Parquet only.

`data_source` is what verl picks the reward function by. The index of a prompt is a number made of
its hash, so that it stays the same from one release to the next.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.exporter import Converted, Exporter, ExportFormat
from workbench.contracts.message_columns import integers
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import (
    NO_REFERENCE_ANSWER,
    ProvenanceOptions,
    carrying,
    leave_out,
)

# 48 bits are exact in any reader's numbers.
_INDEX_DIGITS = 12


class Style(StrEnum):
    AUTO = "auto"
    RULE = "rule"
    MODEL = "model"


class VerlRlOptions(ProvenanceOptions):
    data_source: str = Field(
        default="rlhf-workbench",
        min_length=1,
        description="The name by which verl picks the reward function.",
    )
    ability: str = Field(default="alignment", description="The kind of task, such as math.")
    style: Style = Field(
        default=Style.AUTO,
        description=(
            "rule: scored against the reference answer; prompts without one are left out and"
            " counted. model: scored by a reward model. auto: by rule where there is a reference"
            " answer, else by model."
        ),
    )
    split: str = Field(
        default="train", description="The split named in extra_info where the export is not split."
    )


def _extra_info(options: VerlRlOptions) -> list[pa.Field]:
    own = [pa.field("split", pa.string()), pa.field("index", pa.int64())]
    return list(carrying(own, RecordKind.PROMPT, options))


_REWARD_MODEL = [pa.field("style", pa.string()), pa.field("ground_truth", pa.string())]


def _schema(options: VerlRlOptions) -> pa.Schema:
    return pa.schema(
        [
            pa.field("data_source", pa.string(), nullable=False),
            pa.field("prompt", MESSAGES, nullable=False),
            pa.field("ability", pa.string(), nullable=False),
            pa.field("reward_model", pa.struct(_REWARD_MODEL), nullable=False),
            pa.field("extra_info", pa.struct(_extra_info(options)), nullable=False),
        ]
    )


def _convert(batch: pa.RecordBatch, options: VerlRlOptions) -> Converted:
    faults = {}
    if options.style is Style.RULE:
        faults[NO_REFERENCE_ANSWER] = pc.is_null(batch.column("reference_answer"))
    scored = leave_out(batch, faults)
    rows = scored.rows
    answers = rows.column("reference_answer")
    extra = [_splits(rows, options), _indices(rows.column("prompt_hash"))]
    extra += [rows.column(name) for name in options.carried]
    columns = [
        _repeated(options.data_source, len(rows)),
        rows.column("prompt"),
        _repeated(options.ability, len(rows)),
        pa.StructArray.from_arrays(
            [_styles(answers, options.style), answers], fields=_REWARD_MODEL
        ),
        pa.StructArray.from_arrays(extra, fields=_extra_info(options)),
    ]
    return scored.converted(columns, _schema(options))


def _styles(answers: pa.StringArray, style: Style) -> pa.StringArray:
    match style:
        case Style.AUTO:
            return pc.if_else(pc.is_valid(answers), str(Style.RULE), str(Style.MODEL))
        case Style.RULE | Style.MODEL:
            return _repeated(str(style), len(answers))
        case _:
            assert_never(style)


def _splits(rows: pa.RecordBatch, options: VerlRlOptions) -> pa.StringArray:
    if "split" in rows.schema.names:
        return rows.column("split")
    return _repeated(options.split, len(rows))


def _indices(hashes: pa.StringArray) -> pa.Int64Array:
    """Return the first hexadecimal digits of each hash as a number."""
    beginnings = pc.utf8_slice_codeunits(hashes, 0, _INDEX_DIGITS)
    padded = pc.utf8_lpad(beginnings, _INDEX_DIGITS, "0")
    characters = padded.cast(pa.binary()).cast(pa.binary(_INDEX_DIGITS)).buffers()[1] or b""
    codes = np.frombuffer(characters, dtype=np.uint8)[: len(hashes) * _INDEX_DIGITS]
    codes = codes.reshape(len(hashes), _INDEX_DIGITS)
    digits = np.where(codes >= ord("a"), codes - ord("a") + 10, codes - ord("0")).astype(np.int64)
    return integers(digits @ 16 ** np.arange(_INDEX_DIGITS - 1, -1, -1, dtype=np.int64))


def _repeated(text: str, times: int) -> pa.StringArray:
    return pa.repeat(pa.scalar(text, pa.string()), times)


EXPORTER = Exporter(
    key="verl_rl",
    version="1",
    title="verl prompts",
    summary="data_source, prompt, ability, reward_model and extra_info for PPO and GRPO",
    record=RecordKind.PROMPT,
    options=VerlRlOptions,
    schema=_schema,
    convert=_convert,
    formats=(ExportFormat.PARQUET,),
)
