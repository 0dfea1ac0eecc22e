"""What belongs to one test: its folder, the settings its programs share, its processes."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

from harness.kept import must_be_kept
from harness.places import RUN, slug
from harness.processes import Process

PERIOD = "2026-11"


class Stage:
    """A folder under .run/endtoend, and everything that was started in it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.logs = folder / "logs"
        self.processes: list[Process] = []
        self._settings: dict[str, str] = {
            "LOG_LEVEL": "info",
            "MAIL_FROM": "billing@month-close.example",
            "RETRY_DELAYS": "1s,2s,4s",
            "STOP_TIMEOUT": "10",
        }

    def set(self, **settings: str) -> None:
        """Settings of every program from now on, named as in docs/settings.md."""
        self._settings.update(settings)

    def setting(self, key: str) -> str:
        return self._settings[key]

    def environment(self, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a program: none of our settings come from the machine."""
        merged = {**self._settings, **(settings or {})}
        outside = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        ours = {f"MONTHCLOSE_{key}": value for key, value in merged.items() if value != ""}
        return {**outside, "LANG": "C.UTF-8", **ours}

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        settings: Mapping[str, str] | None = None,
        standard_error: IO[bytes] | int | None = None,
    ) -> Process:
        log = self.logs / f"{name}.log"
        process = Process(name, command, self.environment(settings), log, standard_error)
        self.processes.append(process)
        return process

    def end_all(self) -> None:
        """SIGKILL, newest first: a program that cannot be killed at any time is a fault itself."""
        for process in reversed(self.processes):
            process.kill()

    def file(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    name = slug(request.node.name.removeprefix("test_"))
    folder = RUN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = Stage(name, folder)
    yield made
    made.end_all()
    if not must_be_kept(request.node):
        shutil.rmtree(folder)


@pytest.fixture
def long_retries(stage: Stage) -> None:
    """Before queues are declared: messages are put off for longer than a fault lasts."""
    stage.set(RETRY_DELAYS="1s,2s,4s,8s,16s,32s,1m,5m")


@pytest.fixture
def brief_retries(stage: Stage) -> None:
    """Before queues are declared: a mail that a killed mailer has begun is sent again in 15 s."""
    stage.set(RETRY_DELAYS="1s,2s,4s,8s")
