"""The broker of the tests in this folder is a cluster of three nodes; two of every service."""

from collections.abc import Callable

import pytest

from harness.cluster import Cluster, ClusterBroker
from harness.places import program
from harness.services import NAMES, Services
from harness.stage import Stage


@pytest.fixture
def broker(cluster: Cluster, stage: Stage) -> ClusterBroker:
    made = ClusterBroker(cluster, stage.name)
    made.create()
    stage.set(BROKER_URL=made.url)
    if cluster.net == "hosts":
        stage.set(ALLOW_PLAINTEXT="broker")
    return made


@pytest.fixture
def start_pairs(services: Services, stage: Stage) -> Callable[[], None]:
    """`start_pairs()` starts two processes of every service."""

    def start() -> None:
        for name in NAMES:
            stage.start(f"{name}-2", [program(name)])
        services.start()

    return start
