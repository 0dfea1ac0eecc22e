"""A small disk that can be filled to the last byte."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.kept import must_be_kept
from harness.places import RUN
from harness.processes import run
from harness.stage import Stage

MIB = 64
PAGE = 4096


class Disk:
    """A tmpfs of 64 MiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a page is free meanwhile."""
        filler = self.folder / "filler"
        try:
            self._fill(filler)
            yield
        finally:
            filler.unlink()

    @staticmethod
    def _fill(file: Path) -> None:
        with file.open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(PAGE)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


@pytest.fixture
def disk(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Disk]:
    """Mounted for the test, which is skipped if that is not possible."""
    folder = RUN / "disk"
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_mount():  # left by a run that was killed
        run(["umount", folder])
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MIB}m", "month-close-test", folder]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        why = mounted.stderr.strip() if os.geteuid() == 0 else "mounting a disk needs root"
        pytest.skip(f"a full disk was NOT tried: {why}")
    try:
        yield Disk(folder)
        stage.end_all()
        if must_be_kept(request.node):
            for file in folder.glob("ledger.db*"):
                shutil.copy(file, stage.folder)
    finally:
        run(["umount", folder])
