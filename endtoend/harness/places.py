"""Where the programs are, and where a run leaves its files."""

import os
import random
import re
import socket
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# One of several test processes (pytest -n) has a folder, a broker and a PostgreSQL of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
RUN = Path(os.environ.get("ENDTOEND_RUN", ROOT / ".run" / "endtoend")) / WORKER
SCRIPTS = ROOT / "scripts"


def program(name: str) -> Path:
    """One of our programs, in the folder that scripts/endtoend built or was told to use."""
    folder = os.environ.get("BIN")
    if folder is None:
        raise RuntimeError("BIN is not set; run the tests with scripts/endtoend")
    return Path(folder) / name


# Below the ports that the kernel gives to clients. Each of several test processes has a range of
# its own, so that none takes a port that another has found and does not use yet.
PORTS = 12_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
FIRST_PORT = 20_000 + PORTS * int(WORKER.removeprefix("gw") or 0)
os.environ["FREE_PORTS"] = f"{FIRST_PORT} {PORTS}"  # for the scripts that are started


_next_port = random.randrange(PORTS)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens.

    One after the other, from a random one on: a port that was given out is often not used yet when
    the next one is asked for.
    """
    global _next_port
    for _ in range(PORTS):
        port = FIRST_PORT + _next_port
        _next_port = (_next_port + 1) % PORTS
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"found no free port on 127.0.0.1 from {FIRST_PORT} on")


def accepts(port: int) -> bool:
    """Whether something on 127.0.0.1 accepts a connection there."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def slug(text: str, longest: int = 48) -> str:
    """Lower-case letters, digits and `-`: a name for a folder, a virtual host or a database.

    A long name is cut off and made unique by a checksum.
    """
    whole = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(whole) <= longest:
        return whole
    return f"{whole[: longest - 7].strip('-')}-{zlib.crc32(whole.encode()) & 0xFFFFFF:06x}"
