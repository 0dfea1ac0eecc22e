"""Reads a resolved compose file and prints a line for each violation of the project's rules."""
import sys

import yaml

STOP_SECONDS = 20  # the default of MONTHCLOSE_STOP_TIMEOUT
SERVICES = {"invoicer", "charger", "mailer", "holder", "reporter"}


def seconds(text):
    total, number = 0, ""
    for letter in str(text):
        if letter.isdigit():
            number += letter
        else:
            total += int(number) * {"s": 1, "m": 60, "h": 3600}[letter]
            number = ""
    return total


def breaches(name, service):
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
        yield "has no limit of memory"
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            yield f"publishes {port} beyond this machine"
    for key, value in (service.get("environment") or {}).items():
        if key.endswith(("PASSWORD", "_KEY")) or "@" in str(value) and "://" in str(value):
            yield f"has a secret in its environment: {key}"
    if name in SERVICES:
        if seconds(service.get("stop_grace_period", "10s")) <= STOP_SECONDS:
            yield "is cut off before it has finished what is in work"
        if "--health" not in service.get("healthcheck", {}).get("test", []):
            yield "has no health check"
        if service.get("restart") in (None, "no"):
            yield "is not started again"


document = yaml.safe_load(sys.stdin)
for name, service in document["services"].items():
    if name == "program" or name == "service":
        continue  # the base of the others: it has no image of its own
    for sentence in breaches(name, service):
        print(f"{name} {sentence};", end=" ")
