"""The movable clock that every program of a test reads."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.stage import Stage

# A program looks at the file again when it needs the time and has not looked for 100 ms.
LOOK_AGAIN = 0.11


class Clock:
    """A file with the seconds by which the programs' clock is ahead of the machine's clock."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=int(self.file.read_text()))

    def set(self, time: str) -> None:
        """To a time such as `2026-12-01T02:00:00Z`."""
        self._write(round((datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()))

    def advance(self, **amount: float) -> None:
        """By `days=`, `hours=` and so on."""
        moved = int(self.file.read_text()) + round(timedelta(**amount).total_seconds())
        self._write(moved)

    def _write(self, seconds: int) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(self.file)  # atomically: it is read all the time
        time.sleep(LOOK_AGAIN)


@pytest.fixture
def clock(stage: Stage) -> Clock:
    made = Clock(stage.folder / "clock")
    made.set("2026-12-01T02:00:00Z")
    stage.set(CLOCK_FILE=str(made.file))
    return made
