"""The project's rules for compose files."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from harness.services import NAMES

STOP_SECONDS = 20  # the default of MONTHCLOSE_STOP_TIMEOUT
UNITS = {"s": 1, "m": 60, "h": 3600}


def duplicate_keys(text: str) -> Iterator[str]:
    """A sentence for each key that is twice in a mapping."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    return _duplicates(document, set())


def _duplicates(node: yaml.Node, seen: set[int]) -> Iterator[str]:
    if id(node) in seen:  # a repetition by an alias is reported once
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item, seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"{key.value} in line {line} and line {lines[key.value]}"
            lines[key.value] = line
            yield from _duplicates(value, seen)


def breaches(name: str, service: dict[str, Any]) -> list[str]:
    """The rules that a service of a resolved compose file breaks."""
    if name in ("program", "service"):  # the base of the others: it has no image of its own
        return []
    found = [*_rights(name, service), *_secrets(service)]
    return [*found, *_lifecycle(service)] if name in NAMES else found


def _rights(name: str, service: dict[str, Any]) -> Iterator[str]:
    if service.get("privileged") or service.get("network_mode") == "host":
        yield "has the rights of the machine"
    if service.get("read_only") is not True:
        yield "can write to its root"
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add"):
        yield "has capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if str(service.get("user", "0")).split(":")[0] in ("0", "root"):
        yield "runs as root"
    if "mem_limit" not in service and name != "mail":
        yield "has no memory limit"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"publishes {port} beyond this machine"


def _secrets(service: dict[str, Any]) -> Iterator[str]:
    for key, value in (service.get("environment") or {}).items():
        if key.endswith(("PASSWORD", "_KEY")) or ("@" in str(value) and "://" in str(value)):
            yield f"has a secret in its environment: {key}"


def _lifecycle(service: dict[str, Any]) -> Iterator[str]:
    if seconds(str(service.get("stop_grace_period", "10s"))) <= STOP_SECONDS:
        yield "is cut off before it has finished what is in work"
    if "--health" not in service.get("healthcheck", {}).get("test", []):
        yield "has no health check"
    if service.get("restart") in (None, "no"):
        yield "is not started again"


def seconds(duration: str) -> int:
    """Of a duration such as `1m30s`."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))
