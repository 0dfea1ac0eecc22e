"""Waiting for events. Nothing in these tests sleeps in the hope that something has happened."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

# Deadlines are long, since only failures meet them; on a slow machine they may have to be longer.
PATIENCE = float(os.environ.get("ENDTOEND_PATIENCE", "1"))


class NotHappened(AssertionError):  # noqa: N818
    """What was waited for did not come before its deadline."""


def wait_for(
    sentence: str | Callable[[], str],
    probe: Callable[[], Found | None],
    seconds: float = 60,
    every: float = 0.05,
) -> Found:
    """Asks `probe` until it gives something true, and returns that.

    `sentence` completes "waited 60 s for …"; as a function it is asked at the deadline, to tell
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
