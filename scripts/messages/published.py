#!/usr/bin/env python3
"""Checks what `tap.py` recorded against docs/messages: bodies (strictly), properties, senders.

usage: published.py FILE [DEAD-LETTERS-FILE]

Prints what it saw as a JSON document; exit status 1 if anything differs from what is published.
"""

import collections
import json
import re
import sys

import yaml

from contract import FOLDER, Contract


# A message on its way to a delay queue or to the dead letters passes through the exchange too, under
# that queue's name; it is the same message, moved.
MOVED = re.compile(r"[a-z]+\.(retry\.[0-9]+[a-z]+|dead)")


def senders(document):
    """By message type: `/charger`, from the operations that send."""
    found = collections.defaultdict(set)
    for name, operation in document["operations"].items():
        if operation["action"] == "send":
            for message in operation["messages"]:
                found[message["$ref"].rsplit("/", 1)[1]].add("/" + name.split("-sends-")[0])
    return found


def faults_of(message, contract, known):
    body = json.loads(message["body"])
    kind = body.get("type", "")
    yield from contract.faults(body)
    yield from contract.faults(message["headers"], "headers.json")
    moved = MOVED.fullmatch(message["routingKey"])
    wanted = {
        "routingKey": message["routingKey"] if moved else kind.rsplit(".", 1)[0],
        "messageID": body.get("id"), "type": kind,
        "contentType": "application/cloudevents+json", "deliveryMode": 2,
    }
    for name, value in wanted.items():
        if message[name] != value:
            yield f"{name}: expected {value}, found {message[name]}"
    if body.get("source") not in known[kind]:
        yield f"source: {body.get('source')} does not send {kind}"


def dead_faults_of(letter, contract):
    headers = {name: value for name, value in letter["headers"].items() if name.startswith("mc-")}
    yield from contract.faults(headers, "dead-letter-headers.json")


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main():
    contract = Contract(strict=True)
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
    known = senders(document)
    found, types = collections.Counter(), collections.Counter()
    messages = lines(sys.argv[1])
    for message in messages:
        types[message["type"]] += 1
        for fault in faults_of(message, contract, known):
            found[f"{message['type']}: {fault}"] += 1
    letters = lines(sys.argv[2]) if len(sys.argv) > 2 else []
    for letter in letters:
        for fault in dead_faults_of(letter, contract):
            found[f"{letter['routingKey']}: {fault}"] += 1
    print(json.dumps({
        "messages": len(messages),
        "moved": sum(1 for m in messages if MOVED.fullmatch(m["routingKey"])), "deadLetters": len(letters),
        "types": dict(sorted(types.items())),
        "missing": sorted(set(contract.types()) - set(types)), "faults": dict(found),
    }))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
