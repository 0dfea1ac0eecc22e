"""The ledger of a test, in SQLite and in PostgreSQL."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from harness.kept import must_be_kept
from harness.places import RUN, SCRIPTS
from harness.processes import run
from harness.stage import Stage

POSTGRES_TOOLS = Path("/usr/lib/postgresql/15/bin")

on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("store", ["postgres"], indirect=True)


class Store(ABC):
    """A ledger that can be read, backed up and restored as docs/backup.md says."""

    kind: str
    url: str

    @abstractmethod
    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""

    @abstractmethod
    def back_up(self, name: str) -> None:
        """While services run."""

    @abstractmethod
    def restore(self, name: str) -> None:
        """With every service stopped: nothing of the present ledger remains."""

    def value(self, sql: str) -> Any:  # noqa: ANN401
        """The single figure that a query finds."""
        return self.rows(sql)[0][0]


class SQLiteStore(Store):
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "ledger.db"
        self.url = f"sqlite:{self.file}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def back_up(self, name: str) -> None:
        with sqlite3.connect(self.file, timeout=30) as connection:
            connection.execute("VACUUM INTO ?", (str(self.folder / f"{name}.backup"),))
        connection.close()

    def restore(self, name: str) -> None:
        for leftover in self.folder.glob("ledger.db*"):
            leftover.unlink()
        shutil.copyfile(self.folder / f"{name}.backup", self.file)
        self.file.chmod(0o600)


class PostgresStore(Store):
    kind = "postgres"

    def __init__(self, server: "PostgresServer", name: str, folder: Path) -> None:
        self.server = server
        self.name = name
        self.folder = folder
        self.url = server.database(name)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url.replace("postgres://", "postgresql://")) as connection:
            return connection.execute(sql).fetchall()

    def back_up(self, name: str) -> None:
        file = self.folder / f"{name}.backup"
        run([POSTGRES_TOOLS / "pg_dump", "--format=custom", f"--file={file}", self.url])

    def restore(self, name: str) -> None:
        self.server.database(self.name)
        file = self.folder / f"{name}.backup"
        run([POSTGRES_TOOLS / "pg_restore", "--exit-on-error", f"--dbname={self.url}", file])

    def drop(self) -> None:
        self.server.superuser(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


class PostgresServer:
    """The server that scripts/postgres runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, **environment: str) -> None:
        """With the variables that scripts/postgres names."""
        run([SCRIPTS / "postgres", "start", self.folder], {**os.environ, **environment})

    def stop(self) -> None:
        run([SCRIPTS / "postgres", "stop", self.folder])

    @contextmanager
    def stopped_at_once(self) -> Iterator[None]:
        """As in a crash; afterwards it recovers, on its port and data."""
        run([SCRIPTS / "postgres", "kill", self.folder])
        try:
            yield
        finally:
            run([SCRIPTS / "postgres", "restart", self.folder])

    def pause(self) -> None:
        """The server keeps its connections and does not answer."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = int((self.folder / "postgres.pid").read_text().split()[0])
        os.kill(postmaster, number)  # first: stopped, it starts no process for a new connection
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in map(int, children):
            with suppress(ProcessLookupError):  # a connection that has just ended
                os.kill(pid, number)

    @property
    def port(self) -> int:
        found = re.search(r"POSTGRES_URL=(\S+)", (self.folder / "postgres.env").read_text())
        assert found is not None
        port = urlsplit(found.group(1)).port
        assert port is not None
        return port

    @property
    def log(self) -> str:
        return (self.folder / "log" / "postgres.log").read_text(errors="replace")

    def database(self, name: str) -> str:
        """Creates an empty database, whatever was there; returns its URL."""
        return run([SCRIPTS / "postgres", "database", self.folder, name]).strip()

    def superuser(self, sql: str, database: str = "postgres") -> str:
        return run([self.folder / "psql", "-qAtc", sql, database])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer(RUN / "postgres")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Store]:
    if request.param == "sqlite":
        made: Store = SQLiteStore(stage.folder)
        stage.set(STORE_URL=made.url)
        yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    database = PostgresStore(server, "e_" + stage.name.replace("-", "_"), stage.folder)
    stage.set(STORE_URL=database.url)
    yield database
    stage.end_all()
    if must_be_kept(request.node):
        dump = stage.folder / "ledger.sql"
        subprocess.run(
            [POSTGRES_TOOLS / "pg_dump", f"--file={dump}", database.url], timeout=60, check=False
        )
    database.drop()
