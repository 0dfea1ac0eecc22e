"""Eight writers in five processes write one store and checkpoint it after almost every commit."""

import re

import pytest

from harness.places import program
from harness.processes import run


@pytest.mark.fault
@pytest.mark.parametrize("seconds", [5, pytest.param(30, marks=pytest.mark.full)])
def test_no_commit_is_lost_among_writers_and_checkpoints(seconds: int) -> None:
    """Each commit is a row, and the store is whole: `simulator writers` ends with 0."""
    said = run([program("simulator"), "writers", "--seconds", str(seconds)], seconds=seconds + 60)
    commits = re.search(r"(\d+) commits acknowledged", said)
    assert commits, said
    assert int(commits[1]) >= 100, f"void: {said}"
