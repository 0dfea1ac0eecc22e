"""Waiting for events. No test sleeps and hopes that something has happened."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

# Deadlines are long, since only failures reach them; slow machines may need longer ones.
PATIENCE = float(os.environ.get("ENDTOEND_PATIENCE", "1"))


class NotHappened(AssertionError):  # noqa: N818
    """The awaited event did not happen before its deadline."""


def wait_for(
    sentence: str | Callable[[], str],
    probe: Callable[[], Found | None],
    seconds: float = 60,
    every: float = 0.05,
) -> Found:
    """Calls `probe` until it returns something true, and returns that.

    `sentence` completes "waited 60 s for …"; a function is called at the deadline, to say
    what was there instead.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() >= deadline:
            text = sentence() if callable(sentence) else sentence
            raise NotHappened(f"waited {seconds * PATIENCE:g} s for {text}")
        time.sleep(every)


def holds_for(
    seconds: float, sentence: str | Callable[[], str], probe: Callable[[], bool], every: float = 0.2
) -> None:
    """Fails as soon as `probe` is not true, for as long as a fault has to last.

    `sentence` completes "for 40 s it had to hold that …".
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not probe():
            text = sentence() if callable(sentence) else sentence
            raise AssertionError(f"for {seconds:g} s it had to hold that {text}")
        time.sleep(every)
