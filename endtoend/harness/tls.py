"""Certificates, and TLS in front of servers that speak plain text."""

import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness.broker import Broker
from harness.node import Node
from harness.places import RUN, SCRIPTS, free_port
from harness.processes import Process, run
from harness.stage import Stage
from harness.store import PostgresServer, PostgresStore
from harness.waiting import wait_for

ROLE = "month_close"

# Certificates of scripts/test-ca that no client may accept, and what is said of each.
SERVER_FAULTS = {
    "expired": "expired",
    "early": "not valid yet|not yet valid",
    "wrong-name": "not for|no alternative certificate subject name",
    "other": "not issued by|unable to get local issuer",
}


class TLSNode(Node):
    """A broker that also speaks TLS, and asks for certificates as logins."""

    def __init__(self, folder: Path, authorities: Path) -> None:
        self.tls_port = free_port()
        lines = f"""listeners.ssl.1 = 127.0.0.1:{self.tls_port}
ssl_options.cacertfile = {authorities}/ca.pem
ssl_options.certfile = {authorities}/server.pem
ssl_options.keyfile = {authorities}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
"""
        super().__init__(folder, lines, "rabbitmq_auth_mechanism_ssl")

    def refused_certificates(self) -> int:
        return (self.folder / "log" / "broker.log").read_text().count("SERVER ALERT")


class Terminator:
    """socat in front of a port: with a certificate that can be exchanged, or in plain text."""

    def __init__(self, stage: Stage, name: str, authorities: Path, target: int) -> None:
        self._stage = stage
        self._name = f"tls-{name}"
        self._authorities = authorities
        self.target = target
        self.port = free_port()
        self._process: Process | None = None

    def show(self, certificate: str) -> None:
        """From now on, at the same port; connections that exist are cut."""
        self._end()
        files = (
            f"cert={self._authorities}/{certificate}.pem,key={self._authorities}/{certificate}.key"
        )
        self._start(f"OPENSSL-LISTEN:{self.port},{files},verify=0")

    def plain(self) -> None:
        self._end()
        self._start(f"TCP-LISTEN:{self.port}")

    def accepted(self) -> int:
        return self._count("accepting connection")

    def broken_off(self) -> int:
        """How many clients saw its certificate and broke off.

        With an alert or, if they compare names only afterwards, right after the handshake.
        """
        return self._count(r"SSL_accept\(\).*alert|SSL connection using")

    def _count(self, pattern: str) -> int:
        assert self._process is not None
        return len(re.findall(pattern, self._process.text))

    def _start(self, listen: str) -> None:
        command = ["socat", "-d", "-d", f"{listen},bind=127.0.0.1,reuseaddr,fork"]
        target = f"TCP:127.0.0.1:{self.target}"
        self._process = self._stage.start(self._name, [*command, target])
        self._process.wait_until_it_listens(self.port)

    def _end(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # with those of its connections
            self._process.kill()


class Partners:
    """Broker, gateway and mail server of a test, each over TLS at a port of its own."""

    def __init__(
        self, stage: Stage, authorities: Path, broker: Broker, ports: dict[str, int]
    ) -> None:
        assert isinstance(broker.node, TLSNode)
        self.authorities = authorities
        self.node = broker.node
        self._query = f"{broker.vhost}?auth_mechanism=external"
        targets = {**ports, "broker": self.node.tls_port}
        self.ends = {
            name: Terminator(stage, name, authorities, port) for name, port in targets.items()
        }
        self["gateway"].show("server")
        self["mail"].show("server")
        self["broker"].plain()  # the broker's own TLS, at a port that can be switched
        ca = str(authorities / "ca.pem")
        stage.set(BROKER_CA_FILE=ca, GATEWAY_CA_FILE=ca, SMTP_CA_FILE=ca)
        stage.set(GATEWAY_URL=f"https://127.0.0.1:{self['gateway'].port}")
        stage.set(SMTP_URL=f"smtps://localhost:{self['mail'].port}")
        stage.set(BROKER_URL=self.url, **self.client("operator"))

    def __getitem__(self, name: str) -> Terminator:
        return self.ends[name]

    @property
    def url(self) -> str:
        """The broker's, with a certificate as login."""
        return f"amqps://127.0.0.1:{self.node.tls_port}/{self._query}"

    @property
    def url_by_end(self) -> str:
        """The same by way of the terminator."""
        return f"amqps://127.0.0.1:{self['broker'].port}/{self._query}"

    def client(self, name: str) -> dict[str, str]:
        """The settings of a program that has this certificate of ours as its login."""
        return self.certificate(f"client-{name}")

    def certificate(self, name: str) -> dict[str, str]:
        file = self.authorities / name
        return {"BROKER_CERT_FILE": f"{file}.pem", "BROKER_KEY_FILE": f"{file}.key"}


class TLSServer(PostgresServer):
    """A server that wants TLS and certificates, and logs what it saw of each handshake.

    It switches certificates itself: PostgreSQL's connections begin in plain text, and no proxy can
    speak TLS in its place.
    """

    def __init__(self, authorities: Path) -> None:
        super().__init__(RUN / "postgres-with-tls")
        self.authorities = authorities
        config = authorities / "postgresql.conf"
        config.write_text("log_connections = on\nlog_min_messages = debug2\n")
        self.start(
            POSTGRES_TLS=str(authorities), POSTGRES_CLIENTS="yes", POSTGRES_CONFIG=str(config)
        )

    def show(self, certificate: str) -> None:
        """To every connection from now on."""
        run([SCRIPTS / "postgres", "certificate", self.folder, self.authorities / certificate])

    def logged(self, pattern: str) -> int:
        return len(re.findall(pattern, (self.folder / "log" / "postgres.log").read_text()))

    def broken_off(self) -> int:
        """Handshakes in which the client rejected its certificate or, if only the name is wrong,
        completed the handshake and gave up. Connections that only look are not counted."""
        rejected = "could not accept SSL connection: .* alert"
        return self.logged(f'{rejected}|SSL connection from DN:"CN={ROLE}"')

    def refused_certificates(self) -> int:
        """Of clients; also those that had none."""
        rejected = "could not accept SSL connection: certificate verify failed"
        return self.logged(f"{rejected}|requires a valid client cert")

    def speaks_tls(self, on: bool) -> None:
        self.superuser(f"ALTER SYSTEM SET ssl = {'on' if on else 'off'}")
        self.superuser("SELECT pg_reload_conf()")
        said = "on" if on else "off"
        wait_for(f"ssl to be {said}", lambda: self.superuser("SHOW ssl").strip() == said)


class TLSStore(PostgresStore):
    def __init__(self, server: TLSServer, name: str, folder: Path) -> None:
        super().__init__(server, name, folder)
        self.authorities = server.authorities
        self.bare = self.url
        self.url = self.url_as("client-store")

    def url_as(self, certificate: str, authority: str | Path | None = None) -> str:
        """With that certificate of ours, and that authority."""
        file = self.authorities / certificate
        root = f"sslmode=verify-full&sslrootcert={authority or self.authorities / 'ca.pem'}"
        return f"{self.bare}?{root}&sslcert={file}.pem&sslkey={file}.key"

    @property
    def place(self) -> str:
        """As the programs name it: without the password."""
        return re.sub(r".*//([^:]*):[^@]*@", r"\1@", self.bare)


def meets(counter: Callable[[], int], before: int, what: str) -> None:
    """Void unless a handshake got that far; the log may be written a moment later."""
    wait_for(f"void: no handshake met {what}", lambda: counter() > before, seconds=20)
