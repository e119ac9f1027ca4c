"""LLaMA-Factory's ranking data in its sharegpt layout, for DPO and reward models.

A system prompt stays the first message, by the tag `system`. The trainer skips conversations in any
other order than one message of the human, one of the model and so on; they are left out here, where
they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import pyarrow as pa

from workbench.contracts.companion_files import merge_entries
from workbench.contracts.exporter import Converted, ExportedTable, Exporter
from workbench.contracts.message_columns import (
    assistant_messages,
    find_disorder,
    like,
    with_roles,
)
from workbench.contracts.preference_pairs import PairColumns
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import carrying, leave_out

DATASET_INFO = "dataset_info.json"

_TURN = [pa.field("from", pa.string()), pa.field("value", pa.string())]
_TAGS = {"system": "system", "user": "human", "assistant": "gpt"}


def _schema(options: PairColumns) -> pa.Schema:
    own = [
        pa.field("conversations", pa.list_(pa.struct(_TURN)), nullable=False),
        pa.field("chosen", pa.struct(_TURN), nullable=False),
        pa.field("rejected", pa.struct(_TURN), nullable=False),
    ]
    return carrying(own, RecordKind.PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: PairColumns) -> Converted:
    ordered = leave_out(batch, find_disorder(batch.column("prompt")))
    prompts = ordered.rows.column("prompt")
    answers = (assistant_messages(ordered.rows.column(name)) for name in ("chosen", "rejected"))
    columns = [
        like(prompts, with_roles(prompts.flatten(), _TAGS, _TURN)),
        *(with_roles(answer, _TAGS, _TURN) for answer in answers),
    ]
    return ordered.converted(columns, _schema(options))


def _companions(
    files: Sequence[ExportedTable], _: PairColumns, existing: Mapping[str, bytes]
) -> Mapping[str, bytes]:
    entries = {
        PurePath(file.name).stem: {
            "file_name": file.name,
            "ranking": True,
            "formatting": "sharegpt",
            "columns": {
                "messages": "conversations",
                "chosen": "chosen",
                "rejected": "rejected",
            },
        }
        for file in files
    }
    return {DATASET_INFO: merge_entries(DATASET_INFO, existing.get(DATASET_INFO), entries)}


EXPORTER = Exporter(
    key="llama_factory_ranking",
    version="1",
    title="LLaMA-Factory ranking",
    summary="conversations, chosen and rejected in the sharegpt layout, with their dataset_info.json",
    record=RecordKind.PREFERENCE,
    options=PairColumns,
    schema=_schema,
    convert=_convert,
    companions=_companions,
    companion_names=(DATASET_INFO,),
)
