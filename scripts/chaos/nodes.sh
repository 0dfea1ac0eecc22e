# shellcheck shell=bash
# Sourced by chaos.sh: actions on the nodes of a cluster, and two of every service.

cluster() { "$ROOT/scripts/cluster" "$1" "$BROKER_DIR" "${@:2}"; }

# node_name N: RabbitMQ's name for it
node_name() { cut -d' ' -f1 "$BROKER_DIR/node-$1/name"; }

# start_pairs: two processes of every service
start_pairs() {
  local name
  for name in "${SERVICES[@]}"; do start_process "$name-2" "$BIN/$name"; done
  start_services
}

# check_members: every quorum queue has a member on all three nodes, before anything happens to one
check_members() {
  equal "queues without three members" 0 "$("$RABBITMQCTL" -s -p "$VHOST" list_queues name members |
    awk -F'\t' 'split($2, m, ",") != 3' | wc -l)"
}

# leading N: how many of the stage's queues node N leads
leading() {
  "$RABBITMQCTL" -s -p "$VHOST" list_queues name leader |
    awk -v node="$(node_name "$1")" '$2 == node' | wc -l
}

# connected_to N: how many connections the stage's programs have to node N; a connection's process is
# named after its node
connected_to() {
  "$RABBITMQCTL" -s list_connections pid vhost | awk -v node="<$(node_name "$1")." -v vhost="$VHOST" \
    'index($1, node) == 1 && $2 == vhost' | wc -l
}

# wait_for_leader_elsewhere N: until node N no longer leads any queue
wait_for_leader_elsewhere() {
  local deadline=$((SECONDS + 90))
  until [[ $(leading "$1" 2>/dev/null) == 0 ]]; do
    if ((SECONDS >= deadline)); then
      failed "after 90 s node $1 still leads queues"
      return
    fi
    sleep 0.5
  done
}

# wait_for_members: until every queue has three members that answer, so that the next fault does not
# coincide with the previous one
wait_for_members() {
  local deadline=$((SECONDS + 90))
  until [[ $("$RABBITMQCTL" -s -p "$VHOST" list_queues name online 2>/dev/null |
    awk -F'\t' 'split($2, m, ",") != 3' | wc -l) == 0 ]]; do
    if ((SECONDS >= deadline)); then
      failed "90 s after the node came back, not every queue has its members"
      return
    fi
    sleep 0.5
  done
}
