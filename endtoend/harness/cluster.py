"""Three RabbitMQ nodes that scripts/cluster runs: on 127.0.0.1, or each a host of its own."""

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from harness.places import SCRIPTS
from harness.processes import Failed, run
from harness.queues import messages
from harness.stage import Stage
from harness.waiting import wait_for

NODES = (1, 2, 3)
SCRIPT = SCRIPTS / "cluster"
CLONE_NEWNET = 0x40000000

on_loopback = pytest.mark.parametrize("cluster", ["loopback"], indirect=True)
on_hosts = pytest.mark.parametrize("cluster", ["hosts"], indirect=True)


class Cluster:
    def __init__(self, folder: Path, net: str) -> None:
        self.folder = folder
        self.net = net

    def start(self) -> None:
        run([SCRIPT, "start", self.folder], {**os.environ, "CLUSTER_NET": self.net}, seconds=400)

    def stop(self) -> None:
        run([SCRIPT, "stop", self.folder])

    def kill(self, node: int) -> None:
        """SIGKILL; its data stay."""
        run([SCRIPT, "kill", self.folder, str(node)])

    def restart(self, node: int) -> None:
        run([SCRIPT, "restart", self.folder, str(node)], seconds=200)

    @contextmanager
    def cut_off(self, host: int | str) -> Iterator[None]:
        """A node's link is cut meanwhile, or that of the services' host, `app`."""
        run([SCRIPT, "cut", self.folder, str(host)])
        try:
            yield
        finally:
            run([SCRIPT, "heal", self.folder, str(host)])

    def name(self, node: int) -> str:
        """RabbitMQ's name for it."""
        return (self.folder / f"node-{node}" / "name").read_text().split()[0]

    def tool(self, node: int) -> Path:
        return self.folder / f"node-{node}" / "rabbitmqctl"

    def log(self, node: int) -> str:
        return (self.folder / f"node-{node}" / "log" / "broker.log").read_text(errors="replace")

    @property
    def urls(self) -> list[str]:
        """Of each node, with a slash at the end."""
        text = (self.folder / "broker.env").read_text()
        return re.findall(r"amqp://[^,\s]+", text)

    @property
    def services_host(self) -> Path:
        """The network namespace of the services; the script chose the name of the network."""
        (network,) = re.findall(r"ip netns exec (\S+)-1 ", self.tool(1).read_text())
        return Path("/run/netns") / f"{network}-app"


class ClusterBroker:
    """A test's virtual host on all three nodes. `ask`: the node whose tool answers."""

    def __init__(self, cluster: Cluster, vhost: str) -> None:
        self.cluster = cluster
        self.vhost = vhost
        self.ask = 3

    @property
    def url(self) -> str:
        """All nodes, in order; a program takes the first that answers."""
        return ",".join(url + self.vhost for url in self.cluster.urls)

    def create(self) -> None:
        self._ctl("add_vhost", self.vhost)
        self._ctl("set_permissions", "-p", self.vhost, "guest", ".*", ".*", ".*")

    def messages(self) -> dict[str, int]:
        return messages(self.cluster.tool(self.ask), self.vhost)

    def leaders(self) -> list[int]:
        """For each queue, the node that leads it."""
        names = {self.cluster.name(node): node for node in NODES}
        found = self._queues("leader").values()
        return [names[leader] for leader in found if leader in names]

    def members(self) -> dict[str, int]:
        """How many members each queue has."""
        return {queue: len(found.split(",")) for queue, found in self._queues("members").items()}

    def connections(self, node: int) -> int:
        """Of the test's programs; a connection's process is named after its node."""
        lines = self._ctl("-s", "list_connections", "pid", "vhost").splitlines()
        connections = [line.split("\t") for line in lines if line.count("\t") == 1]
        begins = f"<{self.cluster.name(node)}."
        return sum(pid.startswith(begins) and at == self.vhost for pid, at in connections)

    def wait_for_other_leaders(self, than: int) -> None:
        wait_for(
            lambda: f"queues that node {than} does not lead: {self.leaders()}",
            lambda: self._told(lambda: than not in self.leaders()),
            seconds=90,
            every=0.5,
        )

    def wait_for_members(self) -> None:
        """Until all members answer, so that the next fault does not meet the one before."""

        def complete() -> bool:
            online = self._queues("online").values()
            return bool(online) and all(len(found.split(",")) == len(NODES) for found in online)

        wait_for(
            lambda: f"three members of every queue: {self._queues('online')}",
            lambda: self._told(complete),
            seconds=90,
            every=0.5,
        )

    def _queues(self, what: str) -> dict[str, str]:
        lines = self._ctl("-s", "-p", self.vhost, "list_queues", "name", what).splitlines()
        return dict(line.split("\t", 1) for line in lines if "\t" in line)

    def _ctl(self, *words: str) -> str:
        return run([self.cluster.tool(self.ask), *words])

    @staticmethod
    def _told(probe: Callable[[], bool]) -> bool:
        """False as well while the node that is asked does not answer."""
        try:
            return probe()
        except Failed:
            return False


@pytest.fixture
def cluster(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Cluster]:
    """`on_loopback`, or `on_hosts` with links that can be cut."""
    if request.param == "hosts" and (why := no_hosts()):
        pytest.skip(f"links between machines were NOT cut: {why}")
    made = Cluster(stage.folder / "cluster", request.param)
    try:
        made.start()
        yield made
        stage.end_all()
    finally:
        made.stop()


def no_hosts() -> str:
    """Why this machine cannot have hosts in network namespaces; empty if it can."""
    if os.geteuid() != 0:
        return "this needs root"
    if shutil.which("ip") is None:
        return "this needs Debian's iproute2"
    tried = subprocess.run(
        ["unshare", "--net", "true"], capture_output=True, text=True, check=False
    )
    return tried.stderr.strip()


@pytest.fixture
def services_host(cluster: Cluster) -> Iterator[None]:
    """This thread, and all that it starts, is on the services' host meanwhile."""
    with Path("/proc/thread-self/ns/net").open() as home, cluster.services_host.open() as host:
        enter(host)
        try:
            yield
        finally:
            enter(home)


def enter(namespace: IO[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace.name}")
