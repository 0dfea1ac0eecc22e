"""A gateway that loses answers, contradicts itself, refuses us, or says something else."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from harness.clock import Clock
from harness.closectl import Closectl
from harness.finished import Finished
from harness.gateway import Gateway
from harness.proxy import Line
from harness.sample import Sample
from harness.services import Services
from harness.settled import Settled
from harness.sizes import sizes
from harness.stage import PERIOD, Stage
from harness.store import on_sqlite
from harness.waiting import wait_for

pytestmark = [
    *(on_sqlite, sizes(120, 1000)),
    *(pytest.mark.fault, pytest.mark.usefixtures("long_retries")),
]


def hits(gateway: Gateway) -> dict[str, int]:
    """How often each kind of the present faults happened."""
    return {fault["kind"]: fault["hits"] for fault in gateway.control("GET", "faults")}


def test_answers_that_are_lost_are_looked_up(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    clock: Clock,
    stage: Stage,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    """It charges and drops the answer, charges and stores a 500, or loses the charge."""
    stage.set(GATEWAY_TIMEOUT="5")
    sample(accounts, "--awkward")
    kinds = {"charge_then_drop": 7, "charge_then_500": 9, "lost_500": 11, "lost_then_drop": 13}
    with ExitStack() as faults:
        for kind, nth in kinds.items():
            faults.enter_context(gateway.fault(kind, match={"nth": nth}))
        services.start()
        closectl("close", "start", PERIOD)
        wait_for(lambda: f"20 faults: {hits(gateway)}", lambda: gateway.hits() >= 20)
    # A stored 500 is repeated while the gateway knows the key, for a day; then it is looked up.
    rest()
    clock.advance(hours=25)
    closectl.wait_for_state("closed", seconds=300)
    rest()
    finished(accounts)


def test_a_bad_line_to_the_gateway(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    proxy: Callable[[str, int], Line],
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """Slower than the charger's timeout, cut, half closed, silent."""
    line = proxy("gateway", gateway.port)
    stage.set(GATEWAY_URL=f"http://127.0.0.1:{line.port}")
    stage.set(GATEWAY_TIMEOUT="2", IN_FLIGHT="8", BATCH="8")
    sample(accounts, "--awkward")
    faults = [
        {"mode": "delay", "ms": 5000},
        {"mode": "cut"},
        {"mode": "half_close", "way": "to_server"},
        {"mode": "half_close", "way": "to_client"},
        {"mode": "silence", "way": "to_client"},
        {"mode": "cut_after", "bytes": 20, "way": "to_client"},
    ]
    with gateway.fault("latency", ms=50):
        services.start()
        closectl("close", "start", PERIOD)
        for number, fault in enumerate(faults):
            settled.wait_for(accounts * (5 + 8 * number) / 100)
            before = line.hits(fault["mode"])
            line.mode(**fault)
            wait_for(
                lambda fault=fault: f"a call to meet {fault}; {services['charger'].tail()}",
                lambda mode=fault["mode"], before=before: line.hits(mode) > before,
            )
            line.mode("pass")
    assert sum(line.hits(mode) for mode in {fault["mode"] for fault in faults}) >= 10
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)


def test_a_key_in_use_and_too_many_requests(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    finished: Finished,
) -> None:
    sample(accounts, "--awkward")
    busy = gateway.fault("409", least=15, match={"nth": 3, "times": 30})
    slow = gateway.fault("429", least=15, match={"nth": 5, "times": 20}, retry_after=1)
    with busy, slow:
        services.start()
        closectl("close", "start", PERIOD)
        closectl.wait_for_state("closed", seconds=300)
    # A second key for an invoice would be a second attempt.
    keys = {(event["invoice"], event["idempotency_key"]) for event in attempts(gateway)}
    assert len(keys) == len({invoice for invoice, _ in keys})
    finished(accounts)


def attempts(gateway: Gateway) -> list[dict[str, str]]:
    kinds = ("charge.succeeded", "charge.failed")
    return [event for event in gateway.events() if event["event"] in kinds]


def test_an_answer_about_something_else_is_for_a_person(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    rest: Callable[..., None],
    finished: Finished,
) -> None:
    """Another amount, currency or invoice is parked; what is no answer at all is looked up."""
    sample(accounts, "--awkward")
    wrong = ["wrong_amount", "wrong_currency", "wrong_invoice"]
    none = ["broken_json", "huge", "redirect", "html", "empty", "201", "204", "403_html"]
    with ExitStack() as faults:
        for number, kind in enumerate([*wrong, *none, "lost_html"]):
            match = {"nth": 5 + 2 * number, "times": 3}
            faults.enter_context(gateway.fault(kind, match=match))
        services.start()
        closectl("close", "start", PERIOD)
        closectl.wait_for_state("closed", seconds=300)
        rest()
        parked = sum(hits(gateway)[kind] for kind in wrong)
    letters = closectl("dead", "list", "--reason", "gateway-implausible")["letters"]
    doubted = {letter["messageID"].split("/")[1].split(":")[0] for letter in letters}
    assert len(doubted) == parked
    assert doubted & {charge["account"] for charge in gateway.charges()}
    finished(accounts, dead=parked, parked=parked, not_collected_from=doubted)


def test_a_key_that_is_refused_amid_the_charges(
    accounts: int,
    closectl: Closectl,
    sample: Callable[..., Sample],
    services: Services,
    gateway: Gateway,
    settled: Settled,
    stage: Stage,
    finished: Finished,
) -> None:
    """The charger pauses: nothing is charged, and nothing becomes a dead letter."""
    stage.set(IN_FLIGHT="4")
    sample(accounts, "--awkward")
    with gateway.fault("latency", ms=20):
        services.start()
        closectl("close", "start", PERIOD)
        settled.wait_for(accounts / 10)
        with gateway.fault("401"):
            services["charger"].wait_for_line("charging pauses")
            charged, refused = len(gateway.charges()), hits(gateway)["401"]
            wait_for("another try", lambda: hits(gateway)["401"] > refused)
            assert len(gateway.charges()) == charged
            assert closectl.status()["dead"] == 0
    closectl.wait_for_state("closed", seconds=300)
    finished(accounts)
