"""OpenRLHF's preference data for its reward model and DPO trainers, which share one reader.

The columns go by the names of its options: `prompt_key prompt`, `chosen_key chosen`, `rejected_key
rejected`; with implicit prompts it is given no prompt key. It reads messages under its
`apply_chat_template` and strings, which it joins as they are, without.
"""

from __future__ import annotations

from workbench.contracts.exporter import Exporter
from workbench.contracts.preference_pairs import PairOptions, convert_pairs, pair_schema
from workbench.contracts.records import RecordKind

EXPORTER = Exporter(
    key="openrlhf_preference",
    version="1",
    title="OpenRLHF preference pairs",
    summary="prompt, chosen, rejected and margin for the reward model and DPO trainers",
    record=RecordKind.PREFERENCE,
    options=PairOptions,
    schema=pair_schema,
    convert=convert_pairs,
)
