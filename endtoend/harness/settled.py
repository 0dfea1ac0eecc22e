"""How far a close has come, by the charges that have an end."""

import pytest

from harness.store import Store
from harness.waiting import wait_for

SETTLED = "SELECT count(*) FROM attempts WHERE state <> 'sent'"

RUNS = "SELECT count(*) FROM close_runs WHERE state = 'running'"


class Settled:
    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def count(self) -> int:
        return self._store.value(SETTLED)

    @property
    def close_runs(self) -> bool:
        """It has begun and is not over."""
        return self._store.value(RUNS) > 0

    def wait_for(self, least: float) -> None:
        """Until so many have an end, whatever it is: `settled.wait_for(0.2 * accounts)`."""
        wait_for(
            lambda: f"{least:g} charges to have an end: {self.count}",
            lambda: self.count >= least,
            seconds=300,
        )


@pytest.fixture
def settled(store: Store) -> Settled:
    return Settled(store)
