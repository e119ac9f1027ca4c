"""Near duplicates and contamination: what counts as one prompt, held to the plain definition."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from tests.judged_campaigns import make_compared
from workbench.clock import FixedClock
from workbench.database.session import Database
from workbench.errors import ImportRejected
from workbench.models import Item
from workbench.releases.freeze import FrozenRelease, freeze_release
from workbench.releases.near_duplicates import THRESHOLD, PromptIndex
from workbench.settings import Settings

TEXT = (
    "A train leaves the station at nine in the morning and travels east at sixty miles an hour "
    "while a second train leaves the next town at ten and travels west at forty miles an hour so "
    "at what time do the two of them meet on the way if the towns are three hundred miles apart"
)


def changed(text: str, *places: int) -> str:
    words = text.split()
    for place in places:
        words[place] = f"other{place}"
    return " ".join(words)


def groups(prompts: Sequence[str]) -> list[int]:
    with PromptIndex() as index:
        for start in range(0, len(prompts), 7):
            index.add(prompts[start : start + 7])
        return index.groups().tolist()


def shingles(text: str) -> set[tuple[str, ...]]:
    words = text.casefold().split()
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def overlap(one: str, other: str) -> float:
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


def test_groups_are_the_pairs_that_overlap_enough_joined() -> None:
    """Against the definition: every pair compared, and the ones over the threshold joined."""
    draw = random.Random(7)
    words = [f"word{number}" for number in range(60)]
    prompts = []
    for _ in range(40):
        base = [draw.choice(words) for _ in range(draw.randint(10, 60))]
        prompts.append(" ".join(base))
        for _ in range(draw.randint(0, 4)):
            near = list(base)
            for _ in range(draw.randint(0, 3)):
                near[draw.randrange(len(near))] = draw.choice(words)
            prompts.append(" ".join(near))
    draw.shuffle(prompts)
    expected = np.arange(len(prompts))
    for one, other in itertools.combinations(range(len(prompts)), 2):
        if overlap(prompts[one], prompts[other]) >= THRESHOLD:
            first, second = sorted((expected[one], expected[other]))
            expected[expected == second] = first
    assert len(set(expected.tolist())) < len(prompts) - 20
    assert groups(prompts) == expected.tolist()


@pytest.mark.parametrize(
    ("other", "is_near"),
    [
        (TEXT.upper(), True),
        (TEXT.replace(" ", "\n  "), True),
        (f"{TEXT}?!", True),
        (changed(TEXT, 20), True),
        (changed(TEXT, 10, 20, 30, 40), False),
        (TEXT[: len(TEXT) // 2], False),
    ],
)
def test_case_spaces_and_a_changed_word_do_not_make_another_prompt(
    other: str, is_near: bool
) -> None:
    assert (groups([TEXT, "Something else.", other])[2] == 0) is is_near


def test_short_and_wordless_prompts_are_only_like_themselves() -> None:
    prompts = ["", "?", "🙂", "hi", "hi there", "Hi", "2+2", "2+3", "🙂"]
    assert groups(prompts) == [0, 1, 2, 3, 4, 3, 6, 7, 2]


def test_scripts_without_spaces_are_compared_too() -> None:
    one = "请解释为什么天空是蓝色的,并且说明光的散射与波长之间有什么样的关系,以及日落时天空为什么变红。"
    near = one.replace("解释", "说明")
    other = "请写一首关于秋天的诗,要求押韵,并且提到落叶、月亮和远方的朋友,最后以一个问题结束全诗的内容。"
    assert groups([one, near, other]) == [0, 0, 2]


def test_what_the_system_says_is_not_compared() -> None:
    def conversation(system: str, user: str) -> str:
        messages = [{"content": system, "role": "system"}, {"content": user, "role": "user"}]
        return json.dumps(messages)

    prompts = [
        conversation(TEXT, "What is the capital of France and since when?"),
        conversation(TEXT, "Name three rivers of Asia that flow north."),
        conversation("Be brief.", "Name three rivers of Asia that flow north."),
        "Name three rivers of Asia that flow north.",
    ]
    assert groups(prompts) == [0, 1, 1, 1]


def freeze(
    database: Database,
    settings: Settings,
    clock: FixedClock,
    prompts: Sequence[Any],
    **wish: Any,
) -> FrozenRelease:
    with database.write() as session:
        campaign, items, _ = make_compared(session, clock, [[1, 2]] * len(prompts))
        for item, prompt in zip(items, prompts, strict=True):
            content = {**item.content, "prompt": prompt}
            session.execute(update(Item).where(Item.id == item.id).values(content=content))
    return freeze_release(
        database, settings, campaign_id=campaign.id, actor="cli", clock=clock, **wish
    )


def column(release: FrozenRelease, name: str, file: str = "items.parquet") -> list[Any]:
    found: list[Any] = pq.read_table(release.folder / file).column(name).to_pylist()
    return found


def test_a_group_is_named_by_its_least_prompt_hash_in_items_and_records(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    prompts = [TEXT, "Something else.", changed(TEXT, 20), TEXT]
    release = freeze(database, settings, clock, prompts)
    hashes = [hashlib.sha256(prompt.encode()).hexdigest() for prompt in prompts]
    expected = [min(hashes[0], hashes[2]), hashes[1], *[min(hashes[0], hashes[2])] * 2]
    assert column(release, "prompt_hash") == hashes
    assert column(release, "split_group") == expected
    assert column(release, "split_group", "records_preference.parquet") == expected
    assert release.manifest["prompts"] == {
        "groups": 2,
        "largest": 3,
        "threshold": 0.8,
        "words": 3,
        "bands": 21,
        "rows": 6,
        "version": "1",
    }
    assert "2 groups of prompts" in (release.folder / "card.md").read_text()


def write_jsonl(path: Path, prompts: Sequence[Any]) -> Path:
    path = path.with_suffix(".jsonl")
    path.write_text("".join(json.dumps({"id": 1, "prompt": one}) + "\n" for one in prompts))
    return path


def write_csv(path: Path, prompts: Sequence[Any]) -> Path:
    path = path.with_suffix(".csv")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", "answer"])
        writer.writerows(
            [one if isinstance(one, str) else json.dumps(one), "42"] for one in prompts
        )
    return path


def write_parquet(path: Path, prompts: Sequence[Any]) -> Path:
    path = path.with_suffix(".parquet")
    messages = [
        [{"role": "user", "content": one}] if isinstance(one, str) else one for one in prompts
    ]
    pq.write_table(pa.table({"prompt": messages}), path)
    return path


CONVERSATION = [
    {"role": "user", "content": "Hello."},
    {"role": "assistant", "content": "Hello, what can I do for you?"},
    {"role": "user", "content": "Tell me about the history of the printing press."},
]


@pytest.mark.parametrize("write", [write_jsonl, write_csv, write_parquet])
def test_prompts_of_a_file_are_kept_out_of_a_release(
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
    write: Callable[[Path, Sequence[Any]], Path],
) -> None:
    prompts = [TEXT, "Something else entirely, please.", changed(TEXT, 25), CONVERSATION]
    file = write(tmp_path / "benchmark", [changed(TEXT, 20), TEXT, "Unrelated.", CONVERSATION])
    release = freeze(sqlite_database, settings, clock, prompts, exclude=file)
    assert release.manifest["steps"][0] == {
        "step": "contamination",
        "in": 4,
        "out": 1,
        "left_out": {"contaminated_exact": 2, "contaminated_near": 1},
    }
    assert release.manifest["counts"]["items"] == 4
    assert release.manifest["filters"]["exclude"] == {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "prompts": 4,
    }
    assert sorted(column(release, "reason", "left_out.parquet")) == [
        "contaminated_exact",
        "contaminated_exact",
        "contaminated_near",
    ]
    kept = column(release, "prompt", "records_preference.parquet")
    assert [one[0]["content"] for one in kept] == ["Something else entirely, please."]
    card = (release.folder / "card.md").read_text()
    assert release.manifest["filters"]["exclude"]["sha256"] in card


def test_lines_of_text_are_prompts(
    sqlite_database: Database, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text(f"\ufeffSomething else.\n\n  {changed(TEXT, 4)}\n")
    release = freeze(
        sqlite_database, settings, clock, [TEXT, "Something else.", "Third."], exclude=file
    )
    assert release.manifest["steps"][0]["left_out"] == {
        "contaminated_exact": 1,
        "contaminated_near": 1,
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"prompt": "x"}\n{"question": "y"}\n', "line 2: prompt is missing"),
        ("a.jsonl", '{"prompt": 4}\n', "neither a text nor messages"),
        ("a.jsonl", "{\n", "line 1: row is not JSON"),
        ("a.docx", "x", "unknown ending"),
    ],
)
def test_a_file_that_cannot_be_kept_out_is_refused_and_nothing_is_frozen(
    sqlite_database: Database,
    settings: Settings,
    clock: FixedClock,
    tmp_path: Path,
    name: str,
    content: str,
    message: str,
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ImportRejected, match=message):
        freeze(sqlite_database, settings, clock, [TEXT], exclude=tmp_path / name)
    assert list((settings.data_dir / "releases").iterdir()) == []
