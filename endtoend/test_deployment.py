"""compose/ and systemd/ as files: what can be said of them while nothing of them runs."""

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from harness.compose_files import breaches, duplicate_keys
from harness.places import ROOT, program
from harness.processes import run
from harness.services import NAMES

COMPOSE = ROOT / "compose"
UNITS = ROOT / "systemd"
FILES = [COMPOSE / "compose.yaml", *sorted((COMPOSE / "cluster").glob("*.yaml"))]
# program.yaml is read with the files that extend it
DEFINITIONS = [file for file in FILES if file.name != "program.yaml"]
SERVICE_UNITS = [f"month-close-{name}@1.service" for name in NAMES]


def name_of(file: Path) -> str:
    return str(file.relative_to(COMPOSE))


def config(file: Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The resolved file, checked against docker-compose's schema; that needs no engine."""
    return subprocess.run(
        ["docker-compose", "--file", file, "config"],
        env={"PATH": os.environ["PATH"], "SECRETS": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# ---- compose ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_key_is_twice_in_a_mapping(file: Path) -> None:
    """docker-compose 1 ignores the first one; newer engines refuse the file."""
    assert list(duplicate_keys(file.read_text())) == []


def test_a_key_that_is_twice_in_a_mapping_is_found() -> None:
    found = list(duplicate_keys("a: { b: 1, c: { b: 2 },\n  b: 3 }"))
    assert found == ["b in line 2 and line 1"]


@pytest.mark.parametrize("file", DEFINITIONS, ids=name_of)
def test_a_definition_is_valid_and_keeps_the_rules(file: Path, tmp_path: Path) -> None:
    settings = {"GATEWAY_URL": "https://gateway.example", "MAIL_FROM": "b@example.org"}
    resolved = config(file, tmp_path, **settings)
    assert resolved.returncode == 0, resolved.stderr
    services = yaml.safe_load(resolved.stdout)["services"]
    assert {name: found for name in services if (found := breaches(name, services[name]))} == {}


def test_a_service_without_protection_breaks_every_rule() -> None:
    exposed = {
        "image": "a",
        "privileged": True,
        "environment": {"A_KEY": "b"},
        "ports": ["80:80"],
    }
    assert breaches("charger", exposed) == [
        "has the rights of the machine",
        "can write to its root",
        "has capabilities",
        "may gain privileges",
        "runs as root",
        "has no memory limit",
        "publishes 80:80 beyond this machine",
        "has a secret in its environment: A_KEY",
        "is cut off before it has finished what is in work",
        "has no health check",
        "is not started again",
    ]


def test_a_misspelt_key_of_a_definition_is_noticed(tmp_path: Path) -> None:
    """Otherwise docker-compose's check would prove nothing."""
    file = tmp_path / "misspelt.yaml"
    file.write_text("services: { a: { image: a, read_onyl: true } }")
    refused = config(file, tmp_path)
    assert refused.returncode != 0
    assert "read_onyl" in refused.stderr


def test_what_compose_yaml_lacks_is_named(tmp_path: Path) -> None:
    refused = config(COMPOSE / "compose.yaml", tmp_path)
    assert refused.returncode != 0
    assert "the payment gateway" in refused.stderr


# ---- the image definition -----------------------------------------------------------------------

# Lines of the Containerfile, and how many match.
CONTAINERFILE_RULES = {
    "images taken without naming a version": (r"^ARG [A-Z]+_IMAGE=.*(:latest|[^:]*/[^:]+)$", 0),
    "files fetched by ADD": (r"^ADD ", 0),
    "steps as root after the runtime is set up": (r"^USER (root|0)", 0),
    "a user that is a number": (r"^USER [0-9]+:[0-9]+$", 1),
    "health checks in the form without a shell": (
        r'CMD \["/usr/local/bin/month-close", "--health"\]',
        1,
    ),
    "entry points in the form without a shell": (r"^ENTRYPOINT \[", 1),
    "packages that are only recommended": (r"apt-get install( --yes)? [a-z]", 0),
    "secrets": (r"(?i)password|secret|_KEY=|token", 0),
}


def containerfile() -> list[str]:
    """Without its comments."""
    lines = (COMPOSE / "Containerfile").read_text().splitlines()
    return [line for line in lines if not re.match(r" *#", line)]


@pytest.mark.parametrize("rule", CONTAINERFILE_RULES)
def test_a_rule_of_the_containerfile(rule: str) -> None:
    pattern, number = CONTAINERFILE_RULES[rule]
    found = [line for line in containerfile() if re.search(pattern, line)]
    assert len(found) == number, found


def test_no_package_list_is_left_in_a_layer() -> None:
    text = "\n".join(containerfile())
    updates = text.count("apt-get update")
    assert updates >= 1
    assert text.count("rm -rf /var/lib/apt/lists") == updates


def test_the_context_has_the_sources_and_the_programs_only() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    sources = {"!Package.swift", "!Package.resolved", "!Sources", "!Tests"}
    assert {line for line in lines if line.startswith("!")} == sources | {"!compose/programs"}


# ---- systemd ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the units, and programs for their ExecStart."""
    root = tmp_path_factory.mktemp("units")
    units, programs = root / "etc/systemd/system", root / "usr/local/bin"
    programs.mkdir(parents=True)
    for name in (*NAMES, "closectl"):
        shutil.copy("/bin/true", programs / name)
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    shutil.copytree(UNITS, units)
    return root


def analyze(verb: str, root: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", verb, f"--root={root}", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "unit", [*SERVICE_UNITS, "month-close-start.service", "month-close-start.timer"]
)
def test_systemd_finds_no_fault_in_a_unit(installed: Path, unit: str) -> None:
    _, said = analyze("verify", installed, "--man=no", unit)
    assert [line for line in said.splitlines() if "month-close" in line] == []


@pytest.mark.parametrize("unit", [*SERVICE_UNITS, "month-close-start.service"])
def test_the_exposure_of_a_unit_is_ok_in_the_words_of_systemd(installed: Path, unit: str) -> None:
    """In tenths: 2.0 is the limit of OK."""
    status, said = analyze("security", installed, "--offline=yes", "--threshold=20", unit)
    assert status == 0, said.splitlines()[-2:]
    assert re.search(r"exposure level.*[0-9]", said), said


def test_a_misspelt_key_of_a_unit_is_noticed(installed: Path, tmp_path: Path) -> None:
    """Otherwise systemd's check would prove nothing."""
    root = tmp_path / "misspelt"
    shutil.copytree(installed, root, symlinks=True)
    (common,) = (root / "etc/systemd/system/month-close-.service.d").iterdir()
    common.write_text(common.read_text().replace("\nProtectSystem=", "\nProtectSytsem="))
    _, said = analyze("verify", root, "--man=no", "month-close-charger@1.service")
    assert "ProtectSytsem" in said


def settings_of(unit: str, credentials: Path) -> dict[str, str]:
    """Of the unit, the drop-in and the example of the environment file, as systemd reads them."""
    drop_ins = sorted((UNITS / "month-close-.service.d").glob("*.conf"))
    text = "\n".join(file.read_text() for file in [UNITS / unit, *drop_ins])
    lines = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
    lines = [line.replace("%d", str(credentials)).replace("%i", "1") for line in lines]
    example = (UNITS / "env.example").read_text().splitlines()
    lines += [line for line in example if line and not line.startswith("#")]
    assert max(Counter(line.partition("=")[0] for line in lines).values()) == 1
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_accepts_the_settings_of_its_unit(name: str, tmp_path: Path) -> None:
    """`--check` fails only because nothing is running."""
    secrets = {
        "broker-url": "amqp://127.0.0.1:1/",
        "store-url": f"sqlite:{tmp_path}/none.db",
        "gateway-key": "sk_test_sandbox",
        "smtp-url": "smtp://127.0.0.1:1",
    }
    for file, secret in secrets.items():
        (tmp_path / file).write_text(f"{secret}\n")
    unit = f"month-close-{name}@.service"
    assert f"ExecStart=/usr/local/bin/{name}\n" in (UNITS / unit).read_text()
    done = subprocess.run(
        [program(name), "--check"],
        env={"PATH": os.environ["PATH"], **settings_of(unit, tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert re.search(r"MONTHCLOSE_BROKER_URL: .*refused", said), said


def test_every_service_has_a_unit() -> None:
    names = {unit.name for unit in UNITS.glob("month-close-*@.service")}
    assert names == {f"month-close-{name}@.service" for name in NAMES}


def test_closectl_knows_what_the_timer_starts() -> None:
    command = "closectl close start last"
    assert (
        f"ExecStart=/usr/local/bin/{command}\n" in (UNITS / "month-close-start.service").read_text()
    )
    assert command in run([program("closectl"), "close", "start", "--help"])
