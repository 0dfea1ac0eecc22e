"""podman, and docker-compose on it, with networks, mounts and processes of their own."""

import fcntl
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from harness.closectl import Answer
from harness.containers.cgroups import Cgroups
from harness.places import ROOT, SCRIPTS
from harness.processes import Process
from harness.waiting import wait_for

STATE = ROOT / ".run" / "containers"
NAMESPACES = SCRIPTS / "containers" / "namespaces"
PLACE = Path("/run/month-close")  # podman's files, as scripts/containers/namespaces has it
IMAGES = "localhost/month-close"


class Engine:
    """Nothing it runs reaches another machine, and the kernel ends everything with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = take_turn()
        self._cgroups = Cgroups()
        hold = [NAMESPACES, "--offline", "hold"]
        log = folder / "namespaces.log"
        self._namespaces = Process("namespaces", hold, dict(os.environ), log)
        self._settings = {
            "CONTAINERS_STORAGE_CONF": f"{PLACE}/storage.conf",
            "CONTAINERS_CONF": f"{PLACE}/containers.conf",
            "DOCKER_HOST": f"unix://{PLACE}/engine.sock",
            "LANG": "C.UTF-8",
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        }
        self._first_process = 0
        self._health: HealthChecks | None = None

    def start(self) -> None:
        """As after a reboot: images are kept, earlier containers are not."""
        wait_for(lambda: f"namespaces; {self._namespaces.tail()}", self._ready, seconds=20)
        self._first_process = self._only_child()
        self._forget_former_runs()
        self._health = HealthChecks(self)

    def end(self) -> None:
        """Everything at once, whatever state it is in."""
        if self._health is not None:
            self._health.end()
        self._namespaces.kill()
        wait_for(
            "the kernel to end everything in the namespaces",
            lambda: not Path(f"/proc/{self._first_process}").exists(),
            seconds=20,
        )
        self._cgroups.remove()
        self._lock.close()

    def serve(self) -> None:
        """Docker's interface, for docker-compose."""
        address = self._settings["DOCKER_HOST"]
        command = self._inside(["podman", "system", "service", "--time", "0", address])
        log = self._folder / "engine.log"
        served = Process("podman", command, self._settings, log)
        socket = Path(f"/proc/{self._first_process}/root{PLACE}/engine.sock")
        wait_for(lambda: f"podman to answer; {served.tail()}", socket.is_socket, seconds=20)

    def attempt(
        self,
        *words: str | Path,
        settings: Mapping[str, str] | None = None,
        seconds: float = 180,
    ) -> Answer:
        """Runs a program of this machine in the namespaces."""
        done = subprocess.run(
            self._inside([str(word) for word in words]),
            env={**self._settings, **(settings or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def run(
        self,
        *words: str | Path,
        settings: Mapping[str, str] | None = None,
        seconds: float = 180,
    ) -> str:
        """The standard output of one that must succeed."""
        answer = self.attempt(*words, settings=settings, seconds=seconds)
        command = " ".join(str(word) for word in words)
        said = f"{answer.out}\n{answer.err}"[-4000:]
        assert answer.status == 0, f"`{command}` ended with {answer.status}: {said}"
        return answer.out

    def podman(self, *words: str | Path) -> str:
        return self.run("podman", *words).strip()

    def containers(self, *options: str) -> set[str]:
        """The ids of those that run, or with `--all` of all."""
        return set(self.podman("ps", "--quiet", "--no-trunc", *options).split())

    def kill_process_of(self, container: str) -> int:
        """SIGKILL to its first process, as in a crash; returns its pid, in the namespaces."""
        pid = int(self.podman("inspect", "--format", "{{ .State.Pid }}", container))
        self.run("kill", "-KILL", str(pid))
        return pid

    def _inside(self, words: list[str]) -> list[str]:
        target = str(self._first_process)
        return ["nsenter", "--target", target, "--mount", "--net", "--pid", "--", *words]

    def _only_child(self) -> int:
        """Of `unshare`: the first process in the namespaces."""
        parent = self._namespaces.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        assert len(children) == 1, f"the namespaces have ended; {self._namespaces.tail()}"
        return int(children[0])

    def _ready(self) -> bool:
        assert self._namespaces.alive, f"no namespaces here; {self._namespaces.tail()}"
        return "ready" in self._namespaces.text.splitlines()

    def _forget_former_runs(self) -> None:
        """The containers are gone; their records may be inconsistent, so that `rm` complains."""
        self.attempt("podman", "rm", "--all", "--force", "--time", "0")
        left = self.podman("ps", "--all", "--quiet")
        assert left == "", f"records of earlier containers cannot be removed: {left}"
        self.podman("network", "prune", "--force")
        self.podman("volume", "prune", "--force")


class HealthChecks:
    """podman leaves health checks to timers of systemd; there is none in the namespaces."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_after_all, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Soon: a check that runs ends with the namespaces."""
        self._ended.set()

    def _look_after_all(self) -> None:
        """A container without a check, or one that has just ended, is none to complain about."""
        while not self._ended.wait(1):
            listed = self._engine.attempt("podman", "ps", "--quiet")
            for container in listed.out.split():
                if not self._ended.is_set():
                    self._engine.attempt("podman", "healthcheck", "run", container)


def take_turn() -> IO[str]:
    """The images and volumes are one run's at a time; the lock ends with the file, or with us."""
    STATE.mkdir(parents=True, exist_ok=True)
    file = (STATE / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AssertionError(f"another run uses {STATE}") from error
    return file
