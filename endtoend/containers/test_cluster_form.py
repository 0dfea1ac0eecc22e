"""compose/cluster: a close while a service is scaled and replaced, and a node is killed."""

import os
from pathlib import Path

import pytest

from harness.containers.cluster import NETWORK, NODES, ClusterForm
from harness.containers.compose import SERVER_USER, VERSION_LABEL
from harness.containers.engine import Engine
from harness.containers.guarded import check_hardened, check_secrets_are_nowhere_else
from harness.services import NAMES
from harness.waiting import wait_for

ACCOUNTS = int(os.environ.get("ACCOUNTS", "1000"))


@pytest.fixture(scope="module")
def servers(engine: Engine, folder: Path) -> ClusterForm:
    """Three nodes in one cluster, and PostgreSQL, each from its own definition."""
    engine.serve()
    made = ClusterForm(engine, folder, ACCOUNTS)
    made.write_sample()
    made.definition("rabbitmq", "up", "-d")
    made.definition("postgres", "up", "-d")
    made.wait_healthy(*NODES, "postgres", seconds=120)
    made.rabbitmqctl("rabbitmq-1", "await_online_nodes", "3")
    return made


@pytest.fixture(scope="module")
def form(servers: ClusterForm) -> ClusterForm:
    """And two processes of each service, the sandbox gateway and a mail sink."""
    servers.closectl("init")
    servers.definition("trial", "up", "-d")
    for name in NAMES:
        servers.bring_up(name, 2)
    return servers


def test_three_nodes_form_one_cluster(servers: ClusterForm) -> None:
    """According to the broker's own list."""
    said = servers.rabbitmqctl("rabbitmq-2", "cluster_status", "--formatter", "json")
    assert all(f'"rabbit@{node}"' in said.partition('"running_nodes"')[2] for node in NODES), said


@pytest.mark.parametrize("name", [*NODES, "postgres"])
def test_a_server_can_do_nothing_else(servers: ClusterForm, name: str) -> None:
    check_hardened(servers, name, SERVER_USER)


def test_the_store_is_accessible_over_tls_and_under_its_name_only(servers: ClusterForm) -> None:
    url = (servers.secrets / "store_url").read_text().strip()
    session = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert servers.query(url, session).out.strip() == "t|TLSv1.3"
    template = f'{{{{ (index .NetworkSettings.Networks "{NETWORK}").IPAddress }}}}'
    address = servers.ask("postgres", template)
    refused = servers.query(url.replace("@postgres/", f"@{address}/"), "SELECT 1")
    assert refused.status != 0
    assert "does not match host name" in refused.err


@pytest.mark.parametrize("name", NAMES)
def test_a_service_can_do_nothing_else(form: ClusterForm, name: str) -> None:
    check_hardened(form, name)


def test_a_service_is_given_the_secrets_it_needs(form: ClusterForm) -> None:
    assert form.secrets_given_to("invoicer") == ["broker_url", "postgres_ca", "store_url"]
    everything = ["broker_url", "gateway_key", "postgres_ca", "store_url"]
    assert form.secrets_given_to("charger") == everything


def test_secrets_are_nowhere_else(form: ClusterForm) -> None:
    check_secrets_are_nowhere_else(form)


def test_each_queue_has_a_member_on_each_node(form: ClusterForm) -> None:
    """And their leaders are spread."""
    queues = form.queues("rabbitmq-3", "name", "type", "members", "leader")
    found = {q["name"]: (q["type"], len(q["members"])) for q in queues if q["name"] in NAMES}
    assert found == dict.fromkeys(NAMES, ("quorum", 3))
    assert len({queue["leader"] for queue in queues}) >= 2


def test_a_service_is_scaled_and_replaced_and_a_node_killed_amid_a_close(
    form: ClusterForm,
) -> None:
    form.import_sample("/import")
    form.closectl("close", "start", "last")
    scale_charger(form)
    replace_chargers(form)
    kill_node_that_leads(form, "charger")
    form.wait_until_closed(seconds=300)
    form.check_audited()
    for name in NAMES:
        form.definition(name, "stop")
        ended = [
            form.engine.podman("inspect", "--format", "{{ .State.ExitCode }}", container)
            for container in form.containers(name, "--all")
        ]
        assert ended == ["0"] * (3 if name == "charger" else 2), f"{name}: not in time"
    for name in (*NAMES, "trial", "postgres", "rabbitmq"):
        form.definition(name, "down", "--volumes")
    assert form.engine.containers("--all") == set()


def scale_charger(form: ClusterForm) -> None:
    before = form.containers("charger")
    form.bring_up("charger", 3)
    assert set(before) < set(form.containers("charger"))
    form.check_under_way("the charger was scaled to 3")


def replace_chargers(form: ClusterForm) -> None:
    """All three, by the other image; nothing else is touched."""
    before = form.containers("charger")
    others = form.engine.containers() - set(before)
    form.bring_up("charger", 3, settings={"VERSION": "next"})
    assert set(before) & set(form.containers("charger")) == set()
    template = f'{{{{ index .Config.Labels "{VERSION_LABEL}" }}}}'
    assert form.ask("charger", template) == "next"
    assert others - form.engine.containers() == set(), "containers beside it that were touched"
    form.check_under_way("all chargers were replaced")


def kill_node_that_leads(form: ClusterForm, queue: str) -> None:
    """Another one leads then; the killed one comes back on its own and catches up."""
    killed = form.leader_of(queue, asked="rabbitmq-1")
    witness = next(node for node in NODES if node != killed)
    form.check_under_way(f"{killed} was killed")
    finished = form.finished()
    process = form.engine.kill_process_of(form.container(killed))
    wait_for(
        lambda: f"another node to lead the queue {queue}, as {witness} sees it",
        lambda: form.leader_of(queue, asked=witness) in set(NODES) - {killed},
        every=0.5,
    )
    form.wait_until_running_again(killed, process, seconds=60)
    form.wait_healthy(killed, seconds=120)
    form.rabbitmqctl(witness, "await_online_nodes", "3")
    # A charger commits up to 64 charges together: half a minute at a gateway as slow as this.
    wait_for("the close to continue", lambda: form.finished() > finished, seconds=90, every=1)
