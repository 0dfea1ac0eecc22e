"""Three nodes: SIGKILL of the one that leads the queues amid a close, and of the next one."""

from collections import Counter
from collections.abc import Callable

import pytest

from harness.closectl import Closectl
from harness.cluster import NODES, Cluster, ClusterBroker, on_loopback
from harness.finished import Finished
from harness.sample import Sample
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite


@on_loopback
@on_sqlite
@sizes(120, 1000)
@pytest.mark.fault
@pytest.mark.usefixtures("long_retries")
@pytest.mark.gateway("--latency-ms", "600")
def test_the_node_that_leads_the_queues_is_killed(
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
    """The close goes on with two nodes of three."""
    # So few calls at once that the close is not over when other nodes lead.
    stage.set(IN_FLIGHT="1" if accounts < 1000 else "2", BATCH="2")
    sample(accounts, "--awkward")
    assert set(broker.members().values()) == {len(NODES)}
    start_pairs()
    closectl("close", "start", PERIOD)
    for share in (0.1,) if accounts < 1000 else (0.1, 0.55):
        settled.wait_for(share * accounts)
        victim, led = Counter(broker.leaders()).most_common(1)[0]
        assert led > 0, "void: it led no queue"
        broker.ask = victim % len(NODES) + 1
        cluster.kill(victim)
        assert settled.close_runs, "void: the close was over"
        broker.wait_for_other_leaders(than=victim)
        settled.wait_for((share + 0.15) * accounts)
        assert settled.close_runs, "void: the close was over with all three"
        cluster.restart(victim)
        broker.wait_for_members()
    finished.wait_until_quiet(accounts)
    finished(accounts)
