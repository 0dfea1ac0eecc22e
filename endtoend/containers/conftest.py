"""podman for the tests in this folder, which only `scripts/endtoend --containers` runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.containers.engine import NAMESPACES, Engine
from harness.places import RUN, SCRIPTS
from harness.processes import Process


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before they are selected by their markers; in one test process, since they share a store."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.containers)
            item.add_marker(pytest.mark.xdist_group("containers"))


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest) -> None:
    """Made from Debian, without a registry; only what is missing or has changed."""
    log = RUN / "containers" / "images.log"
    log.unlink(missing_ok=True)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\nmaking images; the first time this takes some minutes: tail -f {log}")
    command = [NAMESPACES, SCRIPTS / "containers" / "images" / "make"]
    made = Process("images", command, dict(os.environ), log)
    try:
        status = made.wait_for_end(seconds=1800)
    finally:
        made.kill()
    assert status == 0, made.tail(30)


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Path:
    """Of one form: its secrets, its sample, its logs; kept until the next run."""
    made = RUN / "containers" / request.module.__name__.rpartition("test_")[2].replace("_", "-")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


@pytest.fixture(scope="module")
def engine(images: None, folder: Path) -> Iterator[Engine]:
    made = Engine(folder)
    try:
        made.start()
        yield made
    finally:
        made.end()
