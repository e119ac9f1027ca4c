"""Logs are JSON lines that quote no task."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from workbench.logs import configure_logging


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("INFO", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _documents(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_events_and_those_of_libraries_are_one_json_document_a_line(
    lines: io.StringIO,
) -> None:
    structlog.get_logger("a").info("request", status=200, path="/ä\n")
    structlog.get_logger("b").debug("unseen")
    logging.getLogger("library").warning("disk is %s full", "90 %")
    first, second = _documents(lines)
    assert (first["event"], first["status"], first["path"]) == ("request", 200, "/ä\n")
    assert (first["level"], second["level"]) == ("info", "warning")
    assert second["event"] == "disk is 90 % full"
    assert first["timestamp"].endswith("Z")


def test_a_librarys_exception_is_named_and_not_quoted(lines: io.StringIO) -> None:
    try:
        message = "INSERT … parameters: the expert's secret text"
        raise ValueError(message)
    except ValueError:
        logging.getLogger("library").exception("statement failed")
    (document,) = _documents(lines)
    assert document["error"] == "ValueError"
    assert "secret" not in lines.getvalue()
