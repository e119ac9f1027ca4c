"""LLaMA-Factory's KTO data: whole conversations with a boolean label, in its sharegpt layout.

The trainer skips conversations in any other order than one message of the user, one of the
assistant and so on. It also tells good from bad by which of two texts is empty, so that an empty
completion labelled good would be learnt as a bad one. Both are left out here, where they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from workbench.contracts.companion_files import merge_entries
from workbench.contracts.exporter import Converted, ExportedTable, Exporter
from workbench.contracts.message_columns import appended, assistant_messages, find_disorder
from workbench.contracts.record_schemas import MESSAGES
from workbench.contracts.records import RecordKind
from workbench.contracts.row_selection import ProvenanceOptions, carrying, leave_out

DATASET_INFO = "dataset_info.json"
EMPTY_GOOD_COMPLETION = "empty_good_completion"


class LlamaFactoryKtoOptions(ProvenanceOptions):
    carries = ("soft_label",)

    soft_label: bool = Field(
        default=False,
        description="A column with the share of judgments that found it good; trainers skip it.",
    )


def _schema(options: LlamaFactoryKtoOptions) -> pa.Schema:
    own = [
        pa.field("messages", MESSAGES, nullable=False),
        pa.field("label", pa.bool_(), nullable=False),
    ]
    return carrying(own, RecordKind.UNPAIRED_PREFERENCE, options)


def _convert(batch: pa.RecordBatch, options: LlamaFactoryKtoOptions) -> Converted:
    is_empty = pc.equal(pc.utf8_length(batch.column("completion")), 0)
    faults = find_disorder(batch.column("prompt")) | {
        EMPTY_GOOD_COMPLETION: pc.and_(is_empty, batch.column("label"))
    }
    readable = leave_out(batch, faults)
    prompts, completions, labels = (
        readable.rows.column(name) for name in ("prompt", "completion", "label")
    )
    conversations = appended(prompts, assistant_messages(completions))
    return readable.converted([conversations, labels], _schema(options))


def _companions(
    files: Sequence[ExportedTable], _: LlamaFactoryKtoOptions, existing: Mapping[str, bytes]
) -> Mapping[str, bytes]:
    entries = {
        PurePath(file.name).stem: {
            "file_name": file.name,
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "kto_tag": "label"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                # Once there are tags, one that is not named is none at all, not its default.
                "system_tag": "system",
            },
        }
        for file in files
    }
    return {DATASET_INFO: merge_entries(DATASET_INFO, existing.get(DATASET_INFO), entries)}


EXPORTER = Exporter(
    key="llama_factory_kto",
    version="1",
    title="LLaMA-Factory KTO",
    summary="conversations with a boolean label in the sharegpt layout, with their dataset_info.json",
    record=RecordKind.UNPAIRED_PREFERENCE,
    options=LlamaFactoryKtoOptions,
    schema=_schema,
    convert=_convert,
    companions=_companions,
    companion_names=(DATASET_INFO,),
)
