"""Keeps the files of a failed test, and says where."""

import os
from collections.abc import Generator

import pytest

from harness.places import RUN, slug

_failed = pytest.StashKey[bool]()


def must_be_kept(item: pytest.Item) -> bool:
    """Whether the test has failed, or ENDTOEND_KEEP asks to keep all files."""
    return item.stash.get(_failed, False) or bool(os.environ.get("ENDTOEND_KEEP"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
        folder = RUN / slug(item.name.removeprefix("test_"))
        report.sections.append(("logs and stores", f"kept in {folder}"))
    return report
