"""PostgreSQL with verify-full and client certificates: what is wrong is refused by name."""

import re
import shutil

import pytest

from harness.closectl import Closectl
from harness.services import Services
from harness.tls import SERVER_FAULTS, TLSServer, TLSStore, meets


class Checks:
    """`holder --check` with other URLs of the store."""

    def __init__(self, services: Services, store: TLSStore) -> None:
        self._services = services
        self._store = store

    def run(self, url: str | None = None) -> tuple[int, str]:
        return self._services.check("holder", {"STORE_URL": url or self._store.url})

    def refused(self, pattern: str, url: str | None = None) -> None:
        status, said = self.run(url)
        assert status == 1, said
        where = f"MONTHCLOSE_STORE_URL: .*{re.escape(self._store.place)}"
        assert re.search(f"{where}.*({pattern})", said, re.MULTILINE), said
        password = self._store.bare.split(":")[2].split("@")[0]
        assert password not in said


@pytest.fixture
def holder(closectl: Closectl, services: Services, store: TLSStore) -> Checks:
    return Checks(services, store)


def test_a_bad_certificate_of_the_server(holder: Checks, server: TLSServer) -> None:
    for certificate, why in SERVER_FAULTS.items():
        server.show(certificate)
        before = server.broken_off()
        holder.refused(f"cannot be used over TLS.*({why})")
        meets(server.broken_off, before, f"the {certificate} certificate")
    server.show("server")
    assert holder.run()[0] == 0


def test_a_certificate_of_ours_that_is_not_accepted(
    holder: Checks, server: TLSServer, store: TLSStore
) -> None:
    root = f"sslmode=verify-full&sslrootcert={store.authorities}/ca.pem"
    rejects = r"it rejects our certificate \(sslcert\)"
    faults = {
        store.url_as("other-store"): rejects,
        store.url_as("client-store-expired"): rejects,
        f"{store.bare}?{root}": "it requires a client certificate",
    }
    for url, why in faults.items():
        before = server.refused_certificates()
        holder.refused(f"cannot be used over TLS: {why}", url)
        meets(server.refused_certificates, before, url)


def test_a_certificate_of_another_user(holder: Checks, server: TLSServer, store: TLSStore) -> None:
    def refused() -> int:
        return server.logged("FATAL: .*authentication failed for user")

    before = refused()
    why = "the certificate in sslcert is for another user"
    holder.refused(why, store.url_as("client-holder"))
    meets(refused, before, "another user's certificate")


def test_files_that_cannot_be_used(holder: Checks, store: TLSStore) -> None:
    holder.refused("sslcert .*/none.pem does not exist", store.url_as("none"))
    gone = r"sslrootcert: root certificate file .* does not exist$"
    holder.refused(gone, store.url_as("client-store", "/nowhere/ca.pem"))
    none = "sslrootcert: could not read root certificate file"
    holder.refused(none, store.url_as("client-store", "/etc/hostname"))
    for kind in ("pem", "key"):
        opened = store.authorities / f"open.{kind}"
        shutil.copyfile(store.authorities / f"client-store.{kind}", opened)
        opened.chmod(0o644)
    why = "sslkey: private key file .* has group or world access"
    holder.refused(why, store.url_as("open"))


def test_plain_text(holder: Checks, server: TLSServer, store: TLSStore) -> None:
    holder.refused("no pg_hba.conf entry.*no encryption", f"{store.bare}?sslmode=disable")
    server.speaks_tls(False)
    try:
        before = server.logged("connection received")
        holder.refused("cannot be used over TLS: it does not use TLS on that port")
        meets(lambda: server.logged("connection received"), before, "plain text")
    finally:
        server.speaks_tls(True)
