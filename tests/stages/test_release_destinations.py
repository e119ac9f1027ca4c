"""Where exports go: a dataset folder that `datasets` loads, and a bucket of a real S3 server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSelector, S3FileSystem

from tests.command_line import CommandLine
from tests.imports import comparison_row, judgment_row

EXPORT = ("release", "export", "first/v1")


@pytest.fixture
def line(command_line: CommandLine) -> CommandLine:
    """A release of thirty comparisons."""
    run = command_line
    run.ok(
        *("campaign", "create", "--organization", "Acme", "--create-organization"),
        *("--template", "pairwise_preference", "--name", "first"),
    )
    names = [f"p-{number}" for number in range(30)]
    run.ok("import", "items", "first", run.write("i.jsonl", *map(comparison_row, names)))
    rows = [judgment_row(name, "a", value={"strength": 2}) for name in names]
    run.ok("import", "judgments", "first", run.write("j.jsonl", *rows))
    run.ok("release", "freeze", "first")
    return run


def dataset_folder(line: CommandLine, *more: str) -> None:
    line.ok(
        *EXPORT,
        *("--layout", "huggingface", "--to", "out", "--format", "parquet", *more),
        *("--exporter", "trl_preference", "--exporter", "raw_judgments"),
    )


def test_datasets_loads_a_dataset_folder_by_config_and_split(
    line: CommandLine, tmp_path: Path
) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import Features, load_dataset, load_dataset_builder

    dataset_folder(line, "--splits", "train=0.5,test=0.5")
    for config in ("trl_preference", "raw_judgments"):
        loaded = load_dataset("out", config, cache_dir=str(tmp_path / "cache"))
        assert set(loaded) == {"train", "test"}
        for split, rows in loaded.items():
            written = pq.read_table(f"out/data/{config}-{split}.parquet")
            assert rows.to_list() == written.to_pylist()
        builder = load_dataset_builder("out", config, cache_dir=str(tmp_path / "cache"))
        assert builder.info.features == Features.from_arrow_schema(written.schema)
        assert builder.info.features == loaded["train"].features
    line.ok("release", "verify", "first/v1", "--in", "out")


def test_the_card_of_a_dataset_folder_names_its_configs_and_tells_of_the_release(
    line: CommandLine,
) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from datasets import DatasetDict, load_dataset

    dataset_folder(line, "--option", "trl_preference.form=standard")
    readme = Path("out/README.md").read_text()
    assert readme.startswith("---\n")
    assert "## Intended use" in readme.split("\n---\n", 1)[1]
    assert isinstance(load_dataset("out", "trl_preference", cache_dir="cache"), DatasetDict)
    manifest = json.loads(Path("out/manifest.json").read_text())["files"]
    assert list(manifest) == [
        "README.md",
        "data/raw_judgments-train.parquet",
        "data/trl_preference-train.parquet",
    ]
    assert manifest["data/trl_preference-train.parquet"]["options"]["form"] == "standard"


def test_a_config_may_be_added_later_and_a_foreign_card_is_left_alone(line: CommandLine) -> None:
    wish = ("--layout", "huggingface", "--format", "jsonl", "--to")
    line.ok(*EXPORT, *wish, "out", "--exporter", "trl_preference")
    line.ok(*EXPORT, *wish, "out", "--exporter", "raw_judgments")
    readme = Path("out/README.md").read_text()
    assert readme.count("config_name") == 4
    Path("mine").mkdir()
    Path("mine/README.md").write_text("mine")
    refused = line.refused(*EXPORT, *wish, "mine", "--exporter", "trl_preference")
    assert refused["code"] == "conflict"
    assert [path.name for path in Path("mine").iterdir()] == ["README.md"]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, S3FileSystem]]:
    """An empty bucket of an S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    filesystem = S3FileSystem(
        endpoint_override=f"{host}:{port}", scheme="http", allow_bucket_creation=True
    )
    filesystem.create_dir("lab")
    yield f"http://{host}:{port}", filesystem
    server.stop()


def read(filesystem: S3FileSystem, path: str) -> bytes:
    with filesystem.open_input_stream(path) as file:
        content: bytes = file.read()
    return content


def test_an_export_to_a_bucket_is_the_export_to_a_folder(
    line: CommandLine, bucket: tuple[str, S3FileSystem]
) -> None:
    endpoint, filesystem = bucket
    for exporter in ("trl_preference", "raw_judgments"):
        wish = (*EXPORT, "--exporter", exporter, "--format", "parquet", "--splits", "a=0.5,b=0.5")
        line.ok(*wish, "--to", "out")
        exported = line.ok(*wish, "--to", "s3://lab/sets/v1/", "--endpoint", endpoint)
    assert exported["path"] == "s3://lab/sets/v1/raw_judgments-a.parquet"
    assert exported["manifest"] == "s3://lab/sets/v1/manifest.json"
    stored = filesystem.get_file_info(FileSelector("lab/sets/v1", recursive=True))
    assert {one.base_name for one in stored} == {path.name for path in Path("out").iterdir()}
    for path in Path("out").iterdir():
        assert read(filesystem, f"lab/sets/v1/{path.name}") == path.read_bytes()


def test_a_dataset_folder_goes_to_a_bucket_as_a_whole(
    line: CommandLine, bucket: tuple[str, S3FileSystem]
) -> None:
    endpoint, filesystem = bucket
    wish = (*EXPORT, "--format", "parquet", "--layout", "huggingface", "--to", "s3://lab/set")
    for exporter in ("trl_preference", "raw_judgments"):
        line.ok(*wish, "--exporter", exporter, "--endpoint", endpoint)
    assert read(filesystem, "lab/set/README.md").count(b"config_name") == 4
    assert read(filesystem, "lab/set/data/trl_preference-train.parquet")[:4] == b"PAR1"


def test_what_cannot_be_reached_is_said_to_be_so(
    line: CommandLine, bucket: tuple[str, S3FileSystem]
) -> None:
    wish = (*EXPORT, "--exporter", "raw_judgments", "--format", "jsonl", "--to")
    refused = line.refused(*wish, "s3://nobody/x", "--endpoint", bucket[0])
    assert refused["code"] == "destination_failed"
    assert "s3://nobody/x" in refused["message"]


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (("out", "--endpoint", "http://127.0.0.1:1"), "s3:// alone"),
        (("s3://lab", "--endpoint", "nowhere"), "not an endpoint"),
        (("hf:acme",), "hf:organization/name"),
        (("hf:acme/set",), "--layout huggingface"),
    ],
)
def test_places_that_make_no_sense_are_refused(
    line: CommandLine, to: tuple[str, ...], message: str
) -> None:
    wish = (*EXPORT, "--exporter", "raw_judgments", "--format", "jsonl", "--to")
    refused = line.refused(*wish, *to)
    assert (refused["code"], message in refused["message"]) == ("bad_request", True)
