"""Each service is killed once in the middle of its own work and started again: one charge each."""

from collections.abc import Callable

import pytest

from harness.closectl import Closectl
from harness.finished import Finished
from harness.sample import Sample
from harness.services import Services
from harness.stage import PERIOD, Stage
from harness.store import Store, on_sqlite
from harness.waiting import wait_for

# When each is killed: at this share of the accounts.
SHARES = {"invoicer": 0.1, "charger": 0.2, "mailer": 0.3, "holder": 0.45, "reporter": 0.6}


def work_of(name: str, store: Store) -> int:
    """How many accounts the service is through with."""
    if name == "reporter":
        return store.value("SELECT coalesce(sum(finished), 0) FROM close_runs")
    return store.value(f"SELECT count(*) FROM decisions WHERE service = '{name}'")


@on_sqlite
@pytest.mark.parametrize("accounts", [120, pytest.param(5000, marks=pytest.mark.full)])
@pytest.mark.gateway("--latency-ms", "50")
def test_each_service_is_killed_amid_its_work(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    store: Store,
    stage: Stage,
    finished: Finished,
) -> None:
    """Slow on purpose: few calls at once, and the invoicer commits one account at a time."""
    stage.set(IN_FLIGHT="8", RANGE_SIZE="1")
    sample(accounts)
    services.start("invoicer", settings={"BATCH": "1", "LANES": "1"})
    services.start("charger", "mailer", "holder", "reporter")
    closectl("close", "start", PERIOD)
    at_its_kill: dict[str, int] = {}
    for name, share in SHARES.items():
        wait_for(
            lambda name=name: f"{name} to work: {work_of(name, store)}, {closectl.status()}",
            lambda name=name, least=accounts * share: work_of(name, store) >= least,
            seconds=300,
            every=0.01,
        )
        services.kill(name)
        at_its_kill[name] = work_of(name, store)
        services.start(name, wait=False)

    closectl.wait_for_state("closed", seconds=900)
    finished(accounts, resends=True)
    for name, before in at_its_kill.items():
        after = work_of(name, store)
        assert 0 < before < after, f"void: {name} was killed at {before} of {after}"
