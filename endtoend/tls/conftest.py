"""Broker, gateway, mail server and PostgreSQL over TLS, for the tests in this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.gateway import Gateway
from harness.places import RUN, SCRIPTS
from harness.processes import run
from harness.sink import Sink
from harness.stage import Stage
from harness.tls import Partners, TLSNode, TLSServer, TLSStore


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In one test process, which starts the servers."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("tls"))


@pytest.fixture(scope="session")
def authorities() -> Path:
    folder = RUN / "tls-authorities"
    run([SCRIPTS / "test-ca", folder])
    return folder


@pytest.fixture(scope="session")
def broker_node(authorities: Path) -> Iterator[TLSNode]:
    node = TLSNode(RUN / "broker-with-tls", authorities)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def server(authorities: Path) -> Iterator[TLSServer]:
    made = TLSServer(authorities)
    yield made
    made.stop()


@pytest.fixture
def store(server: TLSServer, stage: Stage) -> Iterator[TLSStore]:
    server.show("server")
    made = TLSStore(server, "t_" + stage.name.replace("-", "_"), stage.folder)
    stage.set(STORE_URL=made.url)
    yield made
    stage.end_all()
    made.drop()


@pytest.fixture
def partners(
    authorities: Path, broker: Broker, gateway: Gateway, sink: Sink, stage: Stage
) -> Partners:
    """closectl logs in as operator, with a certificate; there is no password anywhere."""
    broker.least_privilege(stage.folder / "users")
    return Partners(stage, authorities, broker, {"gateway": gateway.port, "mail": sink.port})
