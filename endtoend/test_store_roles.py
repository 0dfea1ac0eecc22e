"""PostgreSQL with the rights of `closectl store roles`: all are used, all else is refused."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.broker import Broker
from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.money import amount
from harness.months import trigger
from harness.places import RUN
from harness.roles import RolesStore
from harness.sample import Sample
from harness.services import NAMES, Services
from harness.stage import PERIOD, Stage
from harness.store import PostgresServer
from harness.waiting import wait_for

ACCOUNTS = 60
GPU = (
    '  - { id: gpu, name: GPU, metric: gpu_hours, unit: h, price: { model: per_unit, unit: "2" } }'
)

# Acts and what they act on; UPDATE: a table and its columns.
SERVICES_MAY = """
INSERT invoices invoice_lines invoice_taxes billed_usage transactions entries attempts decisions
INSERT outgoing_events unpublished_events mails holds due_work
INSERT close_runs close_members close_ranges run_catalogs close_triggers gateway_charges gateways
INSERT later_prices unbilled_periods
DELETE unbilled_periods unpublished_events
UPDATE accounts position balance_minor credit_minor held_for_invoice usage_version
UPDATE counters value
UPDATE invoices open_minor status
UPDATE billed_usage quantity amount_minor
UPDATE attempts state gateway_id decline_code rule settled_at
UPDATE mails state reason ended_at
UPDATE holds lifted_by lifted_at
UPDATE due_work state
UPDATE close_runs state closed_at finished expected ranges
UPDATE close_triggers explanation last_at source times
UPDATE close_members milestones ended
UPDATE close_ranges done event
NUMBER invoices_key_seq outgoing_events_sequence_seq
"""
OPERATOR_MAY = f"""{SERVICES_MAY}
INSERT accounts catalogs metrics usage usage_sums
INSERT dead_manifests dead_manifest_letters dead_actions incoming_references
DELETE usage_sums
UPDATE accounts id name email currency country time_zone collection payment_method
UPDATE accounts hold_after_days start_date end_date
UPDATE usage period
UPDATE usage_sums coefficient events
UPDATE dead_manifests finished_at
UPDATE dead_manifest_letters state
NUMBER dead_manifests_key_seq
"""


pytestmark = pytest.mark.xdist_group("roles")  # one process starts their server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One without the roles of other tests."""
    made = PostgresServer(RUN / "postgres-with-roles")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def store(server: PostgresServer, stage: Stage) -> Iterator[RolesStore]:
    made = RolesStore(server, stage.folder)
    stage.set(STORE_URL=made.url_of("month_close_owner"))
    yield made
    stage.end_all()


@pytest.fixture
def roles(store: RolesStore, closectl: Closectl, stage: Stage) -> RolesStore:
    """The owner has made the tables; closectl is the operator from now on."""
    store.grant()
    store.grant()  # again: harmless
    stage.set(STORE_URL=store.url_of("month_close_operator"))
    return store


def expanded(written: str) -> set[str]:
    """One act a line."""
    acts = set()
    for line in filter(None, written.splitlines()):
        act, *names = line.split()
        if act == "UPDATE":
            acts |= {f"UPDATE {names[0]} {column}" for column in names[1:]}
        else:
            acts |= {f"{act} {name}" for name in names}
    return acts


def test_everything_else_is_refused(roles: RolesStore) -> None:
    assert len(roles.acts()) >= 300
    assert roles.not_refused("month_close") == expanded(SERVICES_MAY)
    assert roles.not_refused("month_close_operator") == expanded(OPERATOR_MAY)
    # The owner gets further with the same statements: for the others only the right was missing.
    owner = roles.not_refused("month_close_owner")
    assert roles.acts().keys() - owner == {"CREATE role", "EVADE triggers"}


def test_a_right_that_is_missing_is_named(
    roles: RolesStore, closectl: Closectl, sample: Callable[..., Sample]
) -> None:
    month = sample(5)
    with roles.session("month_close_owner") as owner:
        owner.execute("REVOKE INSERT ON transactions FROM month_close")
    payment = ("payment", "record", month.accounts[0]["account_id"])
    paid = ("--amount", f"1.00 {month.accounts[0]['currency']}", "--reference", "roles-1")
    said = closectl(*payment, *paid, exits=1).err
    assert "permission denied for table transactions" in said
    assert "42501" in said
    assert "closectl store roles" in said
    roles.grant()
    closectl(*payment, *paid)


def test_a_catalog_that_prices_single_events_is_the_owners(
    roles: RolesStore, closectl: Closectl, stage: Stage
) -> None:
    """It creates an index."""
    price = '{ model: percentage, rate: "0.029", fixed_per_event: "0.3" }'
    catalog = stage.file(
        "events.yaml",
        "version: 1\ncurrency: USD\nproducts:\n  - id: payments\n    name: Payments\n"
        f"    metric: payment_amount\n    price: {price}\n",
    )
    said = closectl("import", "catalog", str(catalog), exits=1).err
    assert "must be owner of table usage" in said
    assert "closectl store roles" in said
    owner = {"STORE_URL": roles.url_of("month_close_owner")}
    closectl("import", "catalog", str(catalog), settings=owner)


def test_a_whole_close_uses_each_right(
    roles: RolesStore,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    broker: Broker,
    gateway: Gateway,
    clock: Clock,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    """Services as month_close, closectl as month_close_operator."""
    roles.watch()
    month = sample(ACCOUNTS, "--awkward")
    move_and_back(closectl, month, stage)
    for name in NAMES:
        services.start(name, settings={"STORE_URL": roles.url_of("month_close")})
    closectl.close()
    take_by_hand_what_was_declined(roles, gateway)
    clock.advance(days=8)  # further attempts, the end of grace periods, holds
    rest()
    assert sum(part["holds"] for part in closectl.report().values()) > 0
    finished.check_collected()
    pay_for_a_hold(roles, closectl)
    discard_junk(broker, closectl)
    finished(ACCOUNTS, collected=False)
    close_the_next_month(roles, closectl, month, clock, stage)

    for name in NAMES:
        assert services[name].lines("42501") + services[name].lines("permission denied") == []
    sessions = "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name"
    assert roles.rows(f"{sessions} = 'month-close' AND datname = 'month_close'") == [
        ("month_close",)
    ]
    for role in ("month_close", "month_close_operator"):
        granted = roles.granted(role)
        assert len(granted) >= 15
        assert granted - roles.seen(role) == set(), f"{role} has rights that nothing uses"


def move_and_back(closectl: Closectl, month: Sample, stage: Stage) -> None:
    """Time zones are changed and changed back: usage moves between periods."""
    accounts = month.folder / "accounts.csv"
    text = accounts.read_text()
    moved = stage.file("moved.csv", text.replace("Europe/Zurich", "Pacific/Auckland"))
    assert moved.read_text() != text
    closectl("import", "accounts", str(moved))
    closectl("import", "accounts", str(accounts))


def take_by_hand_what_was_declined(roles: RolesStore, gateway: Gateway) -> None:
    declined = roles.rows(
        """SELECT i.id, i.open_minor, i.currency FROM attempts p JOIN invoices i
        ON i.key = p.invoice WHERE p.state = 'declinedSoft' ORDER BY i.id LIMIT 1"""
    )
    ((invoice, owed, currency),) = declined
    gateway.pay_by_hand(owed, currency, {"invoice": invoice})


def pay_for_a_hold(roles: RolesStore, closectl: Closectl) -> None:
    held = "FROM accounts WHERE held_for_invoice IS NOT NULL"
    found = roles.rows(f"SELECT id, balance_minor, currency {held} ORDER BY id LIMIT 1")
    ((debtor, owed, currency),) = found
    paid = ("--amount", amount(owed, currency), "--reference", "roles-1")
    closectl("payment", "record", debtor, *paid)
    wait_for(
        "the hold to be lifted",
        lambda: roles.value(f"SELECT count(*) {held} AND id = '{debtor}'") == 0,
    )


def discard_junk(broker: Broker, closectl: Closectl) -> None:
    """A message of another program, and the trigger of a month that nobody can have meant."""
    why = ("--reason", "junk", "--operator", "e2e")
    junk = {"content_type": "text/plain", "message_id": "junk-1"}
    broker.publish("charger", b"junk", exchange="", **junk)
    wait_for("the dead letter", lambda: closectl("dead", "list")["count"] == 1)
    (letter,) = closectl("dead", "list")["letters"]
    closectl("dead", "discard", "--ids", letter["id"], *why)

    for _ in range(2):
        broker.publish("close.requested", trigger("2031-05"))

    def refusals() -> list[tuple[str, str, int]]:
        told = closectl("close", "status", "2031-05", exits=None).json["triggers"]
        return [(each["outcome"], each["rule"], each["times"]) for each in told]

    wait_for(
        lambda: f"both to be refused: {refusals()}",
        lambda: refusals() == [("refused", "close.not-begun", 2)],
    )
    letters = closectl("dead", "list")["letters"]
    ids = ",".join(sorted({letter["id"] for letter in letters}))
    closectl("dead", "discard", "--ids", ids, *why)


def close_the_next_month(
    roles: RolesStore, closectl: Closectl, month: Sample, clock: Clock, stage: Stage
) -> None:
    """Usage that arrives late is corrected there, also if only its catalogs price it."""
    first, second = month.usage[:2]
    late = [{**first, "event_id": "late-1"}]
    late.append({**second, "event_id": "late-2", "metric": "gpu_hours"})
    write_rows(stage.folder / "late.csv", late)
    closectl("import", "usage", str(stage.folder / "late.csv"))
    for catalog in month.catalogs:
        text = catalog.read_text().replace("version: 1\n", "version: 2\n", 1)
        next_one = stage.file(f"next-{catalog.name}", text.replace("\ntaxes:", f"\n{GPU}\ntaxes:"))
        closectl("import", "catalog", str(next_one))
    clock.advance(days=25)
    closectl.close("2026-12")
    stored = PERIOD.replace("-", "")
    unbilled = f"SELECT count(*) FROM unbilled_periods WHERE period = {stored}"
    assert roles.value(unbilled) == 0
    settled = f"SELECT DISTINCT metric FROM later_prices WHERE period = {stored}"
    assert roles.rows(settled) == [("gpu_hours",)]


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
