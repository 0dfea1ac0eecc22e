"""Makes the fixtures of `harness/` known to every test; docs/testing.md has the list."""

import pytest

pytest.register_assert_rewrite("harness")

pytest_plugins = [
    "harness.alone",
    "harness.books",
    "harness.broker",
    "harness.chance",
    "harness.clock",
    "harness.closectl",
    "harness.cluster",
    "harness.disk",
    "harness.finished",
    "harness.front",
    "harness.gateway",
    "harness.interrupted",
    "harness.kept",
    "harness.known_faults",
    "harness.proxy",
    "harness.rest",
    "harness.sample",
    "harness.services",
    "harness.settled",
    "harness.sink",
    "harness.stage",
    "harness.store",
]
