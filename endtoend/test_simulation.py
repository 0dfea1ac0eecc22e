"""Simulated closes, and the check of their checks: docs/testing.md, Simulated closes."""

import re
import subprocess

import pytest

from harness.places import program

# 300 are so many that a kind of fault which none of them hits fails the run.
SEEDS = [60, pytest.param(300, marks=pytest.mark.long)]
# Until a guard's absence is noticed; most are within the first twenty.
GUARD_SEEDS = 800
# A run on a busy machine takes some minutes.
DEADLINE = 1200

# How the absence of each guard is detected, as the simulator names it. Another failure would mean
# that the guard is not what its name says, or that its check no longer works.
MISSED_BY = {
    "one-answer": "I8|I1|I13",
    "key-reuse": "I2|I4|I11",
    "intent-first": "I11",
    "mandatory": "I5|I6|L1",
    "ack-last": "I5|I6|holds|L1|L3",
    "position-check": "I5|I6|I9|I13|I8|holds|I1",
    "period-guard": "I21",
    "final-word": "I2|I4|I13|I20",
    "committed-only": "I7|I9|I5|I6|I8|I13|holds",
    "gateway-walk": "I2|I20|I4|I13",
    "look-first": "I2|I20|I4|I11",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("simulator"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def tail(said: subprocess.CompletedProcess[str]) -> str:
    return (said.stdout + said.stderr)[-2000:]


@pytest.mark.parametrize("seeds", SEEDS)
def test_every_seed_closes_and_the_books_agree(seeds: int) -> None:
    said = run("run", "--seeds", str(seeds))
    assert said.returncode == 0, tail(said)
    print(said.stdout)


@pytest.mark.parametrize("guard", MISSED_BY)
def test_a_guard_that_is_removed_is_missed(guard: str) -> None:
    said = run("run", "--seeds", str(GUARD_SEEDS), "--without", guard)
    # 1 is a broken rule; anything else is a program that did not run.
    assert said.returncode == 1, tail(said)
    broken = re.search(rf"(?m)^seed \d+: ({MISSED_BY[guard]}) is broken", said.stdout + said.stderr)
    assert broken, f"nothing like it, but: {tail(said)}"
