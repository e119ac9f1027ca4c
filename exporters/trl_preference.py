"""TRL's preference format: DPO reads `prompt`, `chosen`, `rejected`; the reward trainer `margin`."""

from __future__ import annotations

from workbench.contracts.exporter import Exporter
from workbench.contracts.preference_pairs import PairOptions, convert_pairs, pair_schema
from workbench.contracts.records import RecordKind

EXPORTER = Exporter(
    key="trl_preference",
    version="1",
    title="TRL preference pairs",
    summary="prompt, chosen and rejected for DPO, ORPO and CPO; implicit prompts for the reward trainer",
    record=RecordKind.PREFERENCE,
    options=PairOptions,
    schema=pair_schema,
    convert=convert_pairs,
)
