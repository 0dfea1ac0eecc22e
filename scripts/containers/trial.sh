# shellcheck shell=bash
# Sourced after engine.sh by the trials of the two forms: compose as an operator types it, and questions
# to containers.

# shellcheck source=../counting.sh
source "$ROOT/scripts/counting.sh"
: "${CHECK_RESULTS:=/dev/null}"
# The month that has ended, as `closectl close start last` resolves it.
PERIOD=$(date -u -d "$(date -u +%Y-%m-01) -1 month" +%Y-%m)

# container SERVICE: the id of its only container
container() { compose ps -q "$1" 2>/dev/null | head -n 1; }
ask() { podman inspect --format "$2" "$(container "$1")"; }
health() { ask "$1" '{{ .State.Health.Status }}'; }
# inside SERVICE COMMAND...: in the service's running container, as its user
inside() { podman exec "$(container "$1")" "${@:2}"; }

# closectl ARGUMENT...: as an operator runs it
# shellcheck disable=SC2153  # set by engine.sh
closectl() { compose run --rm -T closectl "$@" </dev/null 2>>"$STATE/closectl.log"; }
status_json() { closectl close status "$PERIOD" --json; }

# quietly COMMAND...: shows its output only if it fails
quietly() {
  local log=$STATE/quietly.log
  "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "failed: $*"
  }
}

# look_after_health: podman leaves health checks to systemd timers; without systemd, this runs them
look_after_health() {
  local id
  while :; do
    for id in $(podman ps -q 2>/dev/null); do
      podman healthcheck run "$id" >/dev/null 2>&1 || true
    done
    sleep 1
  done
}

# wait_healthy SECONDS SERVICE...
wait_healthy() {
  local deadline=$((SECONDS + $1)) service found
  shift
  for service in "$@"; do
    until found=$(health "$service" 2>/dev/null) && [[ $found == healthy ]]; do
      ((SECONDS < deadline)) || {
        podman logs --tail 5 "$(container "$service")" >&2 || true
        break
      }
      sleep 0.5
    done
    equal "health of $service" healthy "$found"
  done
}

# wait_for_state STATE SECONDS
wait_for_state() {
  local deadline=$((SECONDS + $2)) state=
  while ((SECONDS < deadline)); do
    state=$(status_json | jq -r .state) || true
    [[ $state != "$1" ]] || return 0
    sleep 1
  done
  failed "the close of $PERIOD is not $1 after $2 s: $(status_json | jq -c '{state, accounts, stages}')"
}

# finished: number of accounts of the close that have their end
finished() { status_json | jq '.accounts.finished // 0'; }

# check_audited: the close is over, and ledger, gateway and queues agree on what happened
check_audited() {
  local found charges audit status deadline
  found=$(status_json)
  equal "accounts with an end" "$ACCOUNTS" "$(jq .accounts.finished <<<"$found")"
  equal "dead letters" 0 "$(jq .dead <<<"$found")"
  # Waits for messages that services still have in hand at the end, so that the verdict has no excuses.
  deadline=$((SECONDS + 60))
  while :; do
    status=0
    audit=$(closectl audit "$PERIOD" --deep --json) || status=$?
    if [[ $(jq -r .quiet <<<"$audit") == true ]] || ((SECONDS >= deadline)); then break; fi
    sleep 2
  done
  equal "closectl audit --deep: exit status" 0 "$status"
  equal "invariants broken" 0 \
    "$(jq '[.invariants[] | select(.verdict == "broken")] | length' <<<"$audit")"
  at_least "invariants that hold" 12 \
    "$(jq '[.invariants[] | select(.verdict == "holds")] | length' <<<"$audit")"
  charges=$(inside gateway cat /var/lib/month-close/charges.jsonl |
    jq -r 'select(.event == "charge.succeeded") | .invoice')
  at_least "charges in the gateway's log" "$((ACCOUNTS / 2))" "$(wc -l <<<"$charges")"
  equal "invoices charged twice" 0 "$(sort <<<"$charges" | uniq -d | wc -l)"
  at_least "mails" "$ACCOUNTS" "$(inside mail sh -c 'find /tmp/mail -type f | wc -l')"
}

# check_hardened SERVICE [USER]: what its container cannot do
check_hardened() {
  local service=$1 user=${2:-10001} status found
  status=$(inside "$service" cat /proc/self/status)
  equal "$service: user, capabilities, new privileges" "$user 0000000000000000 1" \
    "$(awk '$1 == "Uid:" { u = $2 } $1 == "CapEff:" { c = $2 } $1 == "NoNewPrivs:" { n = $2 }
      END { print u, c, n }' <<<"$status")"
  found=$(inside "$service" sh -c 'touch /usr/local/bin/x /etc/x /x 2>&1; true')
  equal "$service: places of its root that can be written to, of three" 0 \
    "$((3 - $(grep -c 'Read-only file system' <<<"$found" || true)))"
}

# check_secrets DIR: no secret's text is in an image, its history or the engine's container details
check_secrets() {
  local file details
  details=$(podman ps -qa | xargs podman inspect
    podman images -q | sort -u | while read -r image; do
      podman image inspect "$image"
      podman history --no-trunc "$image"
    done)
  at_least "lines of the engine about containers, images and their history" 1000 "$(wc -l <<<"$details")"
  for file in "$1"/*_password "$1"/broker_url; do
    equal "$(basename "$file") in any of them" 0 "$(grep -cF -- "$(cat "$file")" <<<"$details" || true)"
  done
}
