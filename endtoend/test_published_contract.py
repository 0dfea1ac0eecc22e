"""docs/messages: the document is whole, and the program reads what the schemas describe."""

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness.asyncapi import Document
from harness.contract import MESSAGES, Contract
from harness.places import program
from harness.recorded import FILE

Message = dict[str, Any]
Place = tuple[str, ...]

WRONG: dict[type, list[Any]] = {
    str: [7, True, {}, [], ""],
    int: ["7", 1.5, True, 2**63, {}],
    bool: ["true", 0, {}],
    dict: ["x", 7, []],
}
TIMES = (
    "yesterday",
    "2026-11-01",
    "2026-13-01T00:00:00Z",
    "2026-12-01T24:00:00Z",
    "2026-12-01t02:00:00.5+01:00",
)
MONTHS = ("2026-13", "2026-1", "1899-12", "2026-00")


def test_the_asyncapi_document_is_whole() -> None:
    document = Document(MESSAGES)
    assert document.faults == []
    assert len(document.content["components"]["messages"]) >= len(Contract(strict=True).types())
    assert document.content["channels"]
    assert document.senders()
    own_schema = os.environ.get("ASYNCAPI_SCHEMA")  # 3.0.0-without-$id.json of AsyncAPI's project
    if own_schema:
        schema = json.loads(Path(own_schema).read_text())
        assert [e.message for e in Draft7Validator(schema).iter_errors(document.content)] == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("schemas/mail.sent.v1.json", "schemas/mail.gone.v1.json", "mail.gone"),
        ("action: send", "action: shout", "neither send nor receive"),
        ("deliveryMode: 2", "deliveryMode: 3", "neither 1 nor 2"),
        ("collection: auto", "collection: never", "'never' is not one of"),
        ("mandatory: true", "mandatory: true\n        urgent: true", "has no urgent"),
    ],
)
def test_a_fault_in_the_document_is_found(
    right: str, wrong: str, fault: str, tmp_path: Path
) -> None:
    folder = tmp_path / "messages"
    shutil.copytree(MESSAGES, folder)
    file = folder / "asyncapi.yaml"
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong, 1))
    found = Document(folder).faults
    assert found
    assert all(fault in line for line in found), found


def test_schema_and_program_refuse_the_same_messages() -> None:
    """Recorded messages, corrupted one place at a time; the schemas as consumers read them."""
    contract = Contract(strict=False)
    spoilt = [
        (f"{kind}, {change}", message)
        for kind, original in fullest().items()
        for change, message in mutations(original)
    ]
    counts: Counter[str] = Counter()
    differences = []
    answers = verdicts([message for _, message in spoilt])
    for (name, message), verdict in zip(spoilt, answers, strict=True):
        faults = contract.faults(message)
        counts["accepted" if verdict["accepted"] else verdict["reason"]] += 1
        if bool(faults) == verdict["accepted"]:
            said = verdict.get("error") or "accepts"
            differences.append(f"{name}: schema {faults or 'accepts'}, program {said}")
    assert differences == []
    assert sum(counts.values()) >= 1000
    assert counts["accepted"] >= 100
    assert set(counts) == {"accepted", "invalid-field", "missing-field", "unknown-type"}


def fullest() -> dict[str, Message]:
    """The longest recorded message of each type."""
    longest: dict[str, str] = {}
    for line in FILE.read_text().splitlines():
        kind = json.loads(line)["type"]
        longest[kind] = max(longest.get(kind, ""), line, key=len)
    return {kind: json.loads(line) for kind, line in sorted(longest.items())}


def verdicts(messages: list[Message]) -> list[dict[str, Any]]:
    bodies = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages)
    answer = subprocess.run(
        [program("closectl"), "probe", "messages", "--json"],
        input=bodies.encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return json.loads(answer.stdout)["messages"]


def mutations(message: Message) -> Iterator[tuple[str, Message]]:
    yield "as it was", message
    for path in list(places(message)):
        name, value = ".".join(path), value_at(message, path)
        yield f"without {name}", removed(message, path)
        for other in others(path[-1], value):
            yield f"{name} as {str(other)[:40]!r}", changed(message, path, other)
    yield "an unknown attribute", changed(message, ("newattribute",), "x")
    for kind in ("invoice.issued.v2", "invoice.cancelled.v1", "invoice.issued"):
        yield f"the type {kind}", changed(message, ("type",), kind)
    yield "another CloudEvents version", changed(message, ("specversion",), "2.0")


def others(key: str, value: Any) -> Iterator[Any]:  # noqa: ANN401
    """Other values of a member: of a wrong type, too long, unknown, no time, no month."""
    yield from WRONG[type(value)]
    if isinstance(value, str):
        yield "x" * 1001
        yield value[:1] + "\u0007"
    if key in ("kind", "status", "collection", "currency"):
        yield "unheard-of"
    if key in ("time", "takenAt", "nextAttemptAt"):
        yield from TIMES
    if key == "period":
        yield from MONTHS
    if key in ("position", "attempt", "number", "of"):
        yield -1
    if isinstance(value, dict):
        yield {**value, "x-new": {"a": [1, None]}}


def places(value: Message, path: Place = ()) -> Iterator[Place]:
    """Every member of every object."""
    for key, inner in value.items():
        yield (*path, key)
        if isinstance(inner, dict):
            yield from places(inner, (*path, key))


def parent(message: Message, path: Place) -> Message:
    for key in path[:-1]:
        message = message[key]
    return message


def value_at(message: Message, path: Place) -> Any:  # noqa: ANN401
    return parent(message, path)[path[-1]]


def changed(message: Message, path: Place, value: Any) -> Message:  # noqa: ANN401
    copied = deepcopy(message)
    parent(copied, path)[path[-1]] = value
    return copied


def removed(message: Message, path: Place) -> Message:
    copied = deepcopy(message)
    del parent(copied, path)[path[-1]]
    return copied
