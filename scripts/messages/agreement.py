#!/usr/bin/env python3
"""Corrupts recorded messages one place at a time and compares the verdicts of the published schema, as
consumers read it, and of the program itself (`closectl probe messages`).

usage: agreement.py CLOSECTL MESSAGES.jsonl

They must agree on every message, except for what docs/messages/README.md lists: the program treats
`null` as absent. Prints the counts as a JSON document; exit status 1 on a difference.
"""

import collections
import copy
import json
import subprocess
import sys

from contract import Contract

WRONG = {
    "string": [7, True, {}, [], ""], "integer": ["7", 1.5, True, 2**63, {}],
    "boolean": ["true", 0, {}], "object": ["x", 7, []],
}


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", int: "integer", dict: "object"}[type(value)]


def places(value, path=()):
    """Every member of every object, as its path."""
    for key, inner in value.items():
        yield path + (key,)
        if isinstance(inner, dict):
            yield from places(inner, path + (key,))


def parent(message, path):
    for key in path[:-1]:
        message = message[key]
    return message


def value_at(message, path):
    return parent(message, path)[path[-1]]


def changed(message, path, value):
    copied = copy.deepcopy(message)
    parent(copied, path)[path[-1]] = value
    return copied


def removed(message, path):
    copied = copy.deepcopy(message)
    del parent(copied, path)[path[-1]]
    return copied


def mutations(message):
    yield "as it was", message
    for path in list(places(message)):
        name, value = ".".join(path), value_at(message, path)
        yield f"without {name}", removed(message, path)
        for wrong in WRONG[kind_of(value)]:
            yield f"{name} of a wrong type", changed(message, path, wrong)
        if isinstance(value, str):
            yield f"{name} too long", changed(message, path, "x" * 1001)
            yield f"{name} with a control character", changed(message, path, value[:1] + "\u0007")
        if path[-1] in ("kind", "status", "collection", "currency"):
            yield f"{name} of an unknown case", changed(message, path, "unheard-of")
        if path[-1] in ("time", "takenAt", "nextAttemptAt"):
            for text in ("yesterday", "2026-11-01", "2026-13-01T00:00:00Z",
                         "2026-12-01T24:00:00Z", "2026-12-01t02:00:00.5+01:00"):
                yield f"{name} as another time", changed(message, path, text)
        if path[-1] == "period":
            for text in ("2026-13", "2026-1", "1899-12", "2026-00"):
                yield f"{name} as no month", changed(message, path, text)
        if path[-1] in ("position", "attempt", "number", "of"):
            yield f"{name} below zero", changed(message, path, -1)
        if isinstance(value, dict):
            yield f"{name} with an addition", changed(message, path + ("x-new",), {"a": [1, None]})
    yield "an unknown attribute", changed(message, ("newattribute",), "x")
    for kind in ("invoice.issued.v2", "invoice.cancelled.v1", "invoice.issued"):
        yield "an unknown type or version", changed(message, ("type",), kind)
    yield "another CloudEvents version", changed(message, ("specversion",), "2.0")


def verdicts(closectl, messages):
    bodies = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages)
    answer = subprocess.run([closectl, "probe", "messages", "--json"], input=bodies.encode("utf-8"),
                            stdout=subprocess.PIPE, check=False)
    return json.loads(answer.stdout)["messages"]


def main():
    contract = Contract(strict=False)
    first = {}
    with open(sys.argv[2], encoding="utf-8") as file:
        for line in file:
            message = json.loads(line)
            # the fullest of each type
            known = first.get(message["type"])
            if known is None or len(line) > len(json.dumps(known)):
                first[message["type"]] = message
    cases = [(kind, name, spoilt) for kind, message in sorted(first.items())
             for name, spoilt in mutations(message)]
    said = verdicts(sys.argv[1], [spoilt for _, _, spoilt in cases])
    counts, differences = collections.Counter(), []
    for (kind, name, spoilt), verdict in zip(cases, said, strict=True):
        faults = contract.faults(spoilt)
        counts["accepted" if verdict["accepted"] else verdict["reason"]] += 1
        if bool(faults) == verdict["accepted"]:
            differences.append(f"{kind}, {name}: schema {faults or 'accepts'}, "
                               f"program {verdict.get('error') or 'accepts'}")
    for line in differences[:40]:
        print(line, file=sys.stderr)
    print(json.dumps({"types": len(first), "messages": len(cases), "program": dict(counts),
                      "differences": len(differences)}))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
