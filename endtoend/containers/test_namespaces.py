"""What scripts/containers/namespaces starts ends with it; the machine sees none of its mounts."""

import os
import shutil
from pathlib import Path

from harness.containers.engine import NAMESPACES, PLACE
from harness.places import SCRIPTS
from harness.stage import Stage
from harness.supervisor import processes
from harness.waiting import wait_for

KINDS = ("mnt", "net", "pid")
DAEMON = "setsid sh -c 'trap \"\" TERM; exec sleep 600' & echo started; wait"


def test_everything_ends_with_the_script(stage: Stage) -> None:
    """Even if that is killed: by SIGKILL, as by the end of the test run."""
    mounts = Path("/proc/mounts").read_text()
    script = stage.start("namespaces", [NAMESPACES, "--offline", "bash", "-c", DAEMON])
    script.wait_for_line("started")
    children = Path(f"/proc/{script.pid}/task/{script.pid}/children").read_text()
    spaces = {kind: space_of(int(children), kind) for kind in KINDS}
    before = {kind: members(space, kind) for kind, space in spaces.items()}
    assert all(len(found) >= 3 for found in before.values()), f"void: {before}"
    assert all(space != space_of(os.getpid(), kind) for kind, space in spaces.items())
    assert Path("/proc/mounts").read_text() == mounts
    assert not PLACE.exists()

    script.kill()
    for kind, space in spaces.items():
        wait_for(
            lambda kind=kind, space=space: f"{space} to be empty: {members(space, kind)}",
            lambda kind=kind, space=space: members(space, kind) == [],
            seconds=15,
        )
    assert Path("/proc/mounts").read_text() == mounts


def test_podmans_paths_are_short_in_a_clone_with_a_long_path(stage: Stage) -> None:
    """podman waits for ever for an end if its run root has more than 50 characters."""
    clone = stage.folder / ("clone-" * 20)
    shutil.copytree(SCRIPTS, clone / "scripts")
    script = clone / "scripts" / "containers" / "namespaces"
    podman = 'echo $(podman info --format "{{ .Store.RunRoot }} {{ .Store.GraphRoot }}")'
    made = stage.start("namespaces", [script, "--offline", "sh", "-c", f"{podman}; ls {clone}"])
    assert made.wait_for_end() == 0, made.tail()
    assert made.lines(f"{PLACE}/run {PLACE}/storage"), made.tail()
    assert made.lines("scripts"), "the clone is not there"
    assert (clone / ".run/containers/storage/libpod").is_dir()


def space_of(pid: int, kind: str) -> str:
    """The namespace it is in; empty if it has just ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return ""


def members(space: str, kind: str) -> list[int]:
    return [pid for pid in processes() if space_of(pid, kind) == space]
