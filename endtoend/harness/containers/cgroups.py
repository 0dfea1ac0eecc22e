"""What a container leaves behind in the machine's cgroups, which have no namespace here."""

import os
from contextlib import suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PARENT = "libpod_parent"  # podman's, for every container


class Cgroups:
    """Remembers which there were."""

    def __init__(self) -> None:
        self._former = folders()

    def remove(self) -> None:
        """Those that have come since; the kernel keeps one as long as a process is in it."""
        for folder in sorted(folders() - self._former, key=lambda path: -len(path.parts)):
            with suppress(OSError):
                folder.rmdir()


def folders() -> set[Path]:
    """Below podman's, in each hierarchy there is."""
    tops = [*ROOT.glob(PARENT), *ROOT.glob(f"*/{PARENT}")]
    return {Path(folder) for top in tops for folder, _, _ in os.walk(top)}
