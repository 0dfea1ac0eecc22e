"""The log of a service, as JSON lines."""

import json
from collections.abc import Sequence
from typing import Any

from harness.processes import Process

GRAVE = ("warning", "error", "critical")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a key stands twice in a log line: {names}"
    return dict(pairs)


def lines(process: Process) -> list[dict[str, Any]]:
    """Every line must be one object, with each key once."""
    return [json.loads(line, object_pairs_hook=_once) for line in process.text.splitlines()]


def grave(process: Process) -> list[dict[str, Any]]:
    """Its warnings and errors."""
    return [line for line in lines(process) if line["level"] in GRAVE]
