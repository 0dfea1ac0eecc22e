# shellcheck shell=bash
# Sourced by chaos.sh: our own proxies between a service and its partners.

declare -A LINE_PORT=() LINE_CONTROL=()

# start_line NAME PORT: a proxy to that port on loopback; LINE_PORT[NAME] is where to connect
start_line() {
  local name=$1
  LINE_PORT[$name]=$(free_port)
  LINE_CONTROL[$name]=$(free_port)
  start_process "line-$name" "$BIN/sandbox" proxy --listen "127.0.0.1:${LINE_PORT[$name]}" \
    --to "127.0.0.1:$2" --control "127.0.0.1:${LINE_CONTROL[$name]}"
  wait_for_port "line-$name" "${LINE_PORT[$name]}" 30
  wait_for_port "line-$name" "${LINE_CONTROL[$name]}" 30
}

# line_mode NAME JSON: what happens to its connections from now on
line_mode() {
  curl -sSf -X POST "http://127.0.0.1:${LINE_CONTROL[$1]}/" -d "$2" >/dev/null
}

# line_count NAME MODE WHAT: connections, hits, to_server, to_client or swallowed in that mode
line_count() {
  curl -sSf "http://127.0.0.1:${LINE_CONTROL[$1]}/" | jq ".counts.$2.$3 // 0"
}

# broker_port: where the stage's broker listens
broker_port() { sed -E 's,.*:([0-9]+)/.*,\1,' <<<"$BROKER_ROOT_URL"; }

# broker_url_by NAME: the stage's broker, reached through that proxy
broker_url_by() { sed -E "s,:[0-9]+/,:${LINE_PORT[$1]}/," <<<"$MONTHCLOSE_BROKER_URL"; }

# gateway_by NAME: the services reach the gateway through that proxy from now on
gateway_by() { setting MONTHCLOSE_GATEWAY_URL "http://127.0.0.1:${LINE_PORT[$1]}"; }
