# shellcheck shell=bash
# Sourced by the scenarios in this folder: one stage each, counted faults, one check at the end.
#
# A scenario whose fault did not happen often enough is void, which is a failure: it has proven nothing.
# Otherwise it waits without intervening until everything is quiet, and then checks every invariant it
# can from the gateway's log, the mails, the ledger and the broker's queues.

BROKER_DIR=${CHAOS_BROKER_DIR:?the folder of a running broker; scripts/chaos/run sets it}
CHECK_RESULTS=${CHAOS_RESULTS:-/dev/null}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=checks.sh
source "$HERE/checks.sh"
# shellcheck source=line.sh
source "$HERE/line.sh"
# shellcheck source=children.sh
source "$HERE/children.sh"
# shellcheck source=nodes.sh
source "$HERE/nodes.sh"
# shellcheck source=queues.sh
source "$HERE/queues.sh"

# What a scenario may set before `finish`, if its fault has this effect:
DEAD_EXPECTED=0 # number of dead letters; `some`: at least one
RESENDS=none # `counted`: a mailer or mail server was hit, and the report must count the mails

# ---- the stage --------------------------------------------------------------------------------

# begin_chaos FAULT FULL SHORT [GATEWAY_MILLISECONDS]: FULL accounts, or SHORT with --short, of every
# kind, with shorter retry delays than in production. `OWN_BROKER=yes`: on its own broker,
# `OWN_CLUSTER=yes`: on its own cluster of three nodes.
begin_chaos() {
  FAULT=$1
  ACCOUNTS=$2
  [[ -z "${CHAOS_SHORT:-}" ]] || ACCOUNTS=$3
  if [[ -n "${OWN_BROKER:-}" ]]; then
    BROKER_DIR=$ROOT/.run/chaos/broker-$(basename "$0")
    STAGE_BROKERS+=("$BROKER_DIR")
    "$ROOT/scripts/broker" start "$BROKER_DIR"
  fi
  if [[ -n "${OWN_CLUSTER:-}" ]]; then
    BROKER_DIR=$ROOT/.run/chaos/cluster-$(basename "$0")
    STAGE_CLUSTERS+=("$BROKER_DIR")
    "$ROOT/scripts/cluster" start "$BROKER_DIR"
  fi
  begin "$(basename "$0")"
  if declare -F prepare_store >/dev/null; then prepare_store; fi # a scenario's own store
  BEGUN=${EPOCHREALTIME/,/.}
  setting MONTHCLOSE_RETRY_DELAYS "${CHAOS_RETRY_DELAYS:-1s,2s,4s,8s,16s,32s,1m,5m}"
  start_gateway "${4:-0}"
  start_sink
  : >"$RUN/hits"
  import_sample "$ACCOUNTS" --awkward
}

# hit WHAT: the fault really happened, once
hit() { echo "$*" >>"$RUN/hits"; }

# hits_from NUMBER WHAT: as often as a counter of the gateway or the proxy says
hits_from() {
  local i
  for ((i = 0; i < $1; i++)); do hit "$2"; done
}

hits() { wc -l <"$RUN/hits"; }

# print_hits: by kind, the most frequent first, HIT_KINDS of them
print_hits() {
  sort "$RUN/hits" | uniq -c | sort -rn | awk -v most="${HIT_KINDS:-8}" 'NR <= most' |
    while read -r line; do say "$line"; done
}

# is_running: the close has started and is not over
is_running() { [[ "$(status_json | jq -r .state)" == running ]]; }

# wait_for_share SERVICE PERCENT: until that service has finished this share of the accounts
wait_for_share() {
  local least=$((ACCOUNTS * $2 / 100)) deadline=$((SECONDS + 300)) count=
  until [[ $count =~ ^[0-9]+$ ]] && ((count >= least)); do
    ((SECONDS < deadline)) || die "$1 is through with ${count:-0} after 300 s, waited for $least"
    count=$(done_by "$1" 2>/dev/null)
  done
}

# done_by SERVICE: how many accounts it has finished
done_by() {
  case $1 in
    invoicer) report_sum invoices ;;
    mailer) stage_count outcome_mailed ;;
    reporter) status_json | jq .accounts.finished ;;
    *) stage_count settled ;;
  esac || true # before the first invoice there is nothing to report
}

# ---- the end ----------------------------------------------------------------------------------

# finish LEAST [CHECK...]: void if the fault happened less often. Otherwise everything must be quiet within
# 2 minutes plus the work (L1), and every invariant and the scenario's own checks (functions) must hold.
# The row for the table is written last, since it reports the result of all of them.
finish() {
  local least=$1 check
  if (($(hits) < least)); then
    failed "void: the fault happened $(hits) times, at least $least are required"
    row void
    return
  fi
  passed "the fault happened $(hits) times"
  print_hits
  if wait_until_quiet $((120 + ACCOUNTS / 20)); then check_invariants; fi
  for check in "${@:2}"; do "$check"; done
  if grep -q "^failed $SCENARIO:" "$CHECK_RESULTS"; then row FAILED; else row ok; fi
}

# row RESULT: for the table of scripts/chaos/run
row() {
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${SCENARIO%%-*}" "$FAULT" "$(hits)" "$ACCOUNTS" \
    "$(seconds_since "$BEGUN")" "$1" >>"${CHAOS_TABLE:-/dev/null}"
}

# wait_until_quiet SECONDS: until the close is over and no message is left anywhere, twice in a row
wait_until_quiet() {
  local deadline=$((SECONDS + $1)) healed=$SECONDS calm=0
  wait_for_state closed "$1" || return 1
  while ((calm < 2)); do
    if ((SECONDS >= deadline)); then
      failed "not quiet $1 s after the last fault: $(queued) messages are left"
      return 1
    fi
    if [[ "$(queued)" == 0 ]]; then calm=$((calm + 1)); else calm=0; fi
    sleep 0.5
  done
  passed "quiet $((SECONDS - healed)) s after the last fault"
}

# check_invariants: after every scenario, whatever happened in it
check_invariants() {
  local status
  status=$(status_json)
  equal "state" closed "$(jq -r .state <<<"$status")"
  equal "accounts with an end" "$ACCOUNTS" "$(jq .accounts.finished <<<"$status")"
  equal "one invoice per account" "$ACCOUNTS" "$(report_sum invoices)"
  equal "sum of all entries" 0 "$(report_sum ledgerSum)"
  as_expected "dead letters" "$DEAD_EXPECTED" "$(dead_letters)"
  equal "parked accounts" 0 "$(jq '.ends.parked // 0' <<<"$status")"
  equal "invoices charged twice (gateway's log)" 0 "$(charged_twice)"
  check_mails
  check_collected
  check_audit
}

# as_expected WHAT EXPECTED FOUND: EXPECTED is a number, or `some`
as_expected() {
  if [[ $2 == some ]]; then at_least "$1" 1 "$3"; else equal "$1" "$2" "$3"; fi
}

check_mails() {
  if [[ $RESENDS == none ]]; then
    check_no_resends
  else
    equal "mails sent twice (by Message-ID) that the report does not count" 0 "$(uncounted_mails)"
  fi
  at_least "mails in the sink" "$ACCOUNTS" "$(message_ids | sort -u | wc -l)"
}
