"""Random faults that can be had again: ENDTOEND_SEED repeats a choice."""

import os
import random

import pytest


@pytest.fixture
def chance() -> random.Random:
    """Its seed is in the output of a failed test."""
    seed = int(os.environ.get("ENDTOEND_SEED") or random.randrange(2**31))
    print(f"ENDTOEND_SEED={seed} repeats the choice of faults")
    return random.Random(seed)
