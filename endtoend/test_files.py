"""The ledger's files: their owner, their disappearance, output that cannot be written."""

import os
import shutil
import stat
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.books import Books, cards, used
from harness.closectl import Closectl
from harness.places import program
from harness.services import NAMES, Services
from harness.stage import PERIOD, Stage
from harness.store import SQLiteStore, on_sqlite
from harness.waiting import wait_for

pytestmark = on_sqlite


def test_output_that_cannot_be_written_is_exit_3(
    closectl: Closectl, books: Books, services: Services, stage: Stage
) -> None:
    books.twelve_francs_each(cards(3))
    services.start()
    closectl.close()
    for words in (["report", PERIOD], ["report", PERIOD, "--json"], ["close", "status", PERIOD]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [program("closectl"), *words],
                env=stage.environment(),
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
        assert done.returncode == 3, f"{words}: exit status {done.returncode}, {done.stderr!r}"


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_ledger_that_is_gone_is_noticed_while_idle(
    replaced: bool, closectl: Closectl, books: Books, services: Services, store: SQLiteStore
) -> None:
    books.twelve_francs_each(cards(1))
    services.start()
    if replaced:
        store.back_up("copy")
        store.restore("copy")
    else:
        store.file.unlink()
    for name in NAMES:
        process = services[name]
        process.may_end = True  # with a message, if it cannot continue with another file
        # A service that ends is not ready a moment before it says why.
        wait_for(
            lambda name=name: f"{name} to notice: {services.readiness(name)}",
            lambda name=name, process=process: (
                "store" in services.readiness(name).sentences or process.lines("ledger.db")
            ),
            seconds=40,
        )


def mode_of(file: Path) -> str:
    return f"{stat.S_IMODE(file.stat().st_mode):04o}"


def test_what_is_written_is_its_owners(
    closectl: Closectl, books: Books, services: Services, store: SQLiteStore, stage: Stage
) -> None:
    books.twelve_francs_each(cards(1))
    services.start()
    closectl.close()
    certificate = stage.folder / "certificate"
    closectl("audit", PERIOD, "--certificate", str(certificate))
    bad = stage.file("bad.csv", "event_id,account_id,metric,quantity,start,end\nx,a1,api,many,,\n")
    closectl("import", "usage", "--skip-bad", str(bad), exits=None)
    files = [certificate, stage.folder / "bad.csv.rejected.csv", *stage.folder.glob("ledger.db*")]
    assert {file.name: mode_of(file) for file in files} == {file.name: "0600" for file in files}


@pytest.mark.parametrize("what", ["symlink", "folder", "pipe"])
def test_a_ledger_that_is_no_plain_file_is_refused(
    what: str, closectl: Closectl, stage: Stage
) -> None:
    path = stage.folder / "other.db"
    victim = stage.file("victim", "")
    {
        "symlink": lambda: path.symlink_to(victim),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
    }[what]()
    refused = closectl("init", exits=None, seconds=20, settings={"STORE_URL": f"sqlite:{path}"})
    assert refused.status in (1, 2, 3), refused
    assert str(path) in refused.err
    assert victim.read_text() == ""


def test_a_certificate_is_not_written_through_a_link(
    closectl: Closectl, books: Books, services: Services, stage: Stage
) -> None:
    books.twelve_francs_each(cards(1))
    services.start()
    closectl.close()
    victim = stage.file("victim", "precious")
    link = stage.folder / "certificate"
    link.symlink_to(victim)
    closectl("audit", PERIOD, "--certificate", str(link), exits=None)
    assert victim.read_text() == "precious"


def test_rejected_rows_are_not_written_through_a_link(
    closectl: Closectl, books: Books, stage: Stage
) -> None:
    books.twelve_francs_each(cards(1))
    victim = stage.file("victim", "precious")
    (stage.folder / "bad.csv.rejected.csv").symlink_to(victim)
    good = used("a1", 7)
    bad = stage.file(
        "bad.csv", f"event_id,account_id,metric,quantity,start,end\nx,a1,api,many,,\n{good}\n"
    )
    closectl("import", "usage", "--skip-bad", str(bad), exits=None)
    assert victim.read_text() == "precious"


def test_a_ledger_that_may_not_be_written_is_named(closectl: Closectl, stage: Stage) -> None:
    """As a user who is not root, who may write everything."""
    with TemporaryDirectory() as place:  # the test's own folder may be closed to others
        folder = Path(place)
        folder.chmod(0o755)
        tool = shutil.copy2(program("closectl"), folder)
        settings = {"STORE_URL": f"sqlite:{folder}/ledger.db"}
        closectl("init", "--store-only", settings=settings)
        for file in folder.glob("ledger.db*"):
            file.chmod(0o444)
        folder.chmod(0o555)
        command = [tool, "credit", "grant", "x", "--amount", "1 CHF", "--reference", "r"]
        if os.geteuid() == 0:
            nobody = ("--reuid=65534", "--regid=65534", "--clear-groups")
            command = ["setpriv", *nobody, "--", *command]
        done = subprocess.run(
            command,
            env=stage.environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        folder.chmod(0o755)
    assert done.returncode == 1
    assert "read-only" in done.stderr
