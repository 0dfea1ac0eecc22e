"""Tests that measure time run while no other test does, also with several test processes."""

import fcntl
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from harness.places import ROOT

LOCK = ROOT / ".run" / "endtoend-alone.lock"


@contextmanager
def _turn(alone: bool) -> Iterator[None]:
    """All others share the lock; released by the kernel if the test process is killed."""
    with LOCK.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def _runs_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around the fixtures too: the start of a broker disturbs as much as a test."""
    with _turn(_runs_alone(item)):
        return (yield)


@pytest.hookimpl
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last, one after the other, so that few wait for them."""
    items.sort(key=_runs_alone)
