"""Three nodes and the services, each on a host of its own, whose links are cut and healed."""

from collections.abc import Callable

import pytest

from harness.closectl import Closectl
from harness.cluster import NODES, Cluster, ClusterBroker, on_hosts
from harness.finished import Finished
from harness.sample import Sample
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import holds_for, wait_for

MINORITY = "Cluster minority"

# The host first: gateway, mail server and services are started there.
pytestmark = [
    pytest.mark.usefixtures("services_host", "long_retries"),
    *(on_hosts, on_sqlite, sizes(120, 1000)),
    *(pytest.mark.fault, pytest.mark.long, pytest.mark.gateway("--latency-ms", "600")),
]


def test_the_node_that_leads_the_queues_is_cut_off(
    accounts: int,
    cluster: Cluster,
    broker: ClusterBroker,
    closectl: Closectl,
    sample: Callable[..., Sample],
    start_pairs: Callable[[], None],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """It notices that it is the minority, and pauses; the services go to the next node."""
    stage.set(IN_FLIGHT="1" if accounts < 1000 else "2", BATCH="2")
    sample(accounts, "--awkward")
    assert set(broker.members().values()) == {len(NODES)}
    start_pairs()
    closectl("close", "start", PERIOD)
    settled.wait_for(0.1 * accounts)
    led, connected = broker.leaders().count(1), broker.connections(1)
    assert led > 0, "void: node 1 led no queue"
    assert connected > 0, "void: no service was connected to node 1"
    paused = cluster.log(1).count(MINORITY)
    with cluster.cut_off(1):
        assert settled.close_runs, "void: the close was over"
        broker.wait_for_other_leaders(than=1)
        # They hear nothing from it, miss two heartbeats, and connect to the next node.
        settled.wait_for(0.4 * accounts)
        assert settled.close_runs, "void: the close was over before they went on"
        wait_for("node 1 to pause", lambda: cluster.log(1).count(MINORITY) > paused)
    broker.wait_for_members()
    finished.wait_until_quiet(accounts)
    finished(accounts)


def test_the_services_are_cut_off_from_the_broker(
    accounts: int,
    cluster: Cluster,
    broker: ClusterBroker,
    closectl: Closectl,
    sample: Callable[..., Sample],
    start_pairs: Callable[[], None],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """For less than a heartbeat, and for longer than the broker's timeout."""
    stage.set(IN_FLIGHT="1" if accounts < 1000 else "2", BATCH="2")
    sample(accounts, "--awkward")
    start_pairs()
    closectl("close", "start", PERIOD)
    for share, seconds in ((0.1, 5), (0.3, 45)):
        settled.wait_for(share * accounts)
        with cluster.cut_off("app"):
            holds_for(seconds, "the close goes on", lambda: settled.close_runs)
    chargers = [process for process in stage.processes if process.name.startswith("charger")]
    assert any(charger.lines("waiting for the broker") for charger in chargers)
    finished.wait_until_quiet(accounts)
    finished(accounts)
