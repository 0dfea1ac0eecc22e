"""The messages of a virtual host, counted by the quorum queues themselves."""

from pathlib import Path

from harness.processes import run

# Waiting and in progress; what list_queues and the management interface show is up to 5 s old.
COUNT = """
[begin
  {{ok, {{_, N}}, _}} =
    ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1),
  io:format("queue ~s ~b~n", [element(4, amqqueue:get_name(Q)), N])
end || Q <- rabbit_amqqueue:list(<<"{vhost}">>)], ok.
"""


def messages(tool: Path, vhost: str) -> dict[str, int]:
    """By queue, delay queues and dead letters included."""
    said = run([tool, "-q", "eval", COUNT.format(vhost=vhost)])
    counts = [line.split() for line in said.splitlines() if line.startswith("queue ")]
    return {queue: int(count) for _, queue, count in counts}


def queued(counts: dict[str, int]) -> int:
    """Messages in all queues except the dead letters."""
    return sum(count for queue, count in counts.items() if not queue.endswith(".dead"))
