"""PostgreSQL behind pgbouncer: works in session mode, is refused in transaction mode."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.closectl import Closectl
from harness.finished import Finished
from harness.places import free_port
from harness.sample import Sample
from harness.services import Services
from harness.stage import PERIOD, Stage
from harness.store import Store, on_postgres

POOLER = Path("/usr/sbin/pgbouncer")
ACCOUNTS = 30

pytestmark = [
    on_postgres,
    pytest.mark.skipif(
        not POOLER.exists(), reason="no pgbouncer: scripts/install-debian --for test"
    ),
]


@pytest.fixture
def pooled(store: Store, stage: Stage) -> Callable[[str], str]:
    """`pooled("session")` starts a pooler in that mode; returns the store's URL through it."""
    server = urlsplit(store.url)
    database = server.path.removeprefix("/")

    def start(mode: str) -> str:
        port = free_port()
        folder = stage.folder / f"pooler-{mode}"
        folder.mkdir()
        users = folder / "users"
        users.write_text(f'"{server.username}" "{server.password}"\n')
        settings = folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n"
            f"{database} = host=127.0.0.1 port={server.port} dbname={database}\n"
            f"[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = plain\nauth_file = {users}\n"
            f"pool_mode = {mode}\ndefault_pool_size = 20\n"
        )
        command = [POOLER, settings]
        if os.geteuid() == 0:  # it refuses to run as root
            for file in (folder, users, settings):
                shutil.chown(file, "postgres", "postgres")
            postgres = ("--reuid=postgres", "--regid=postgres", "--init-groups")
            command = ["setpriv", *postgres, "--", *command]
        stage.start(f"pooler-{mode}", command).wait_until_it_listens(port)
        return store.url.replace(f":{server.port}/", f":{port}/")

    return start


def test_a_close_in_session_mode(
    pooled: Callable[[str], str],
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    stage: Stage,
    finished: Finished,
) -> None:
    stage.set(STORE_URL=pooled("session"))
    sample(ACCOUNTS)
    services.start()
    closectl.close()
    finished(ACCOUNTS)


def test_transaction_mode_is_refused(pooled: Callable[[str], str], closectl: Closectl) -> None:
    settings = {"STORE_URL": pooled("transaction")}
    answer = closectl("close", "status", PERIOD, exits=None, settings=settings)
    assert answer.status != 0
    assert re.search("transaction mode.*session mode", answer.err)
