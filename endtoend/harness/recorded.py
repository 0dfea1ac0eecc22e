"""A message of every type, as an earlier version published it in a real close."""

import json
import re
from typing import Any

from harness.places import ROOT

FILE = ROOT / "Tests" / "ServicesTests" / "Recorded" / "0.1" / "messages.jsonl"


def recorded(account: str, period: str) -> dict[str, dict[str, Any]]:
    """By routing key, rewritten for that account and period, including their ids."""
    found: dict[str, dict[str, Any]] = {}
    for line in FILE.read_text().splitlines():
        text = re.sub(r"\b(cust-[0-9]+|other-[a-z-]+)\b", account, line)
        event = json.loads(text.replace("2026-11", period))
        found.setdefault(event["type"].removesuffix(".v1"), event)
    return found
