# shellcheck shell=bash
# Sourced by chaos.sh: a stage for each scenario, and counted checks.
#
# A scenario runs on its own virtual host of a shared broker, with its own store, gateway and sink.

# shellcheck source=../stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/../stage.sh"
# shellcheck source=../counting.sh
source "$(dirname "${BASH_SOURCE[0]}")/../counting.sh"
on_exit
PERIOD=2026-11
: "${BIN:?the folder with the binaries; scripts/chaos/run sets it}"
: "${BROKER_DIR:?the folder of a running broker; scripts/chaos/run sets it}"
: "${CHECK_RESULTS:=/dev/null}"

# ---- the scenario's stage ---------------------------------------------------------------------

# begin NAME: an empty stage on a virtual host of its own
begin() {
  SCENARIO=$1
  new_stage "chaos/$1"
  # shellcheck disable=SC1091
  source "$BROKER_DIR/broker.env"
  BROKER_ROOT_URL=$MONTHCLOSE_BROKER_URL
  use_vhost "chaos-$1"
  use_settings
}

# import_sample ACCOUNTS [OPTION...]: into a new store; the options are those of `sandbox sample`
import_sample() {
  "$BIN/sandbox" sample --accounts "$1" --period "$PERIOD" --out "$RUN/sample" "${@:2}" \
    2>>"$RUN/logs/sample.log"
  quietly closectl init
  quietly closectl import catalog "$RUN/sample/catalog.yaml" "$RUN/sample/catalog-eur.yaml"
  quietly closectl import accounts "$RUN/sample/accounts.csv"
  quietly closectl import usage "$RUN/sample/usage.csv"
}

# quietly COMMAND...: shows its output only if it fails
quietly() {
  local log=$RUN/logs/quietly.log
  "$@" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "failed: $*"
  }
}

# ---- reading ----------------------------------------------------------------------------------

status_json() { closectl close status "$PERIOD" --json 2>/dev/null; }
report_json() { closectl report "$PERIOD" --json 2>/dev/null; }
# report_sum KEY: sum over all currencies
report_sum() { report_json | jq --arg key "$1" '[.. | objects | select(has("ledgerSum")) | .[$key]] | add'; }
# charges [ACCOUNT]: succeeded charges in the gateway's own log, a JSON line each
charges() {
  jq -c --arg account "${1:-}" 'select(.event == "charge.succeeded")
    | select($account == "" or .account == $account)' "$GATEWAY_LOG"
}
charged_twice() { charges | jq -r .invoice | sort | uniq -d | wc -l; }
# charged_sums: the gateway's sums, "CHF 1234" a line
charged_sums() {
  charges | jq -rs 'group_by(.currency)[] | "\(.[0].currency | ascii_upcase) \(map(.amount) | add)"'
}
message_ids() {
  find "$MAILDIR" -type f -exec grep -him1 '^message-id:' {} + 2>/dev/null | tr -d '\r'
}

# wait_for_state STATE SECONDS: until `close status` says so
wait_for_state() {
  local deadline=$((SECONDS + $2)) state=
  while ((SECONDS < deadline)); do
    state=$(status_json | jq -r .state) || true
    [[ $state != "$1" ]] || return 0
    sleep 0.2
  done
  failed "the close of $PERIOD is not $1 after $2 s: $(status_json | jq -c '{state, accounts, stages, stragglers, dead}')"
  return 1
}

# stage_count NAME: accounts that reached a stage, as `close status` counts them
stage_count() { status_json | jq --arg name "$1" '.stages[$name] // 0'; }

# ---- what must hold for every finished close ---------------------------------------------------

# check_audit: every invariant, from ledger, gateway, mails and queues. Waits for work in progress, so that
# nothing is left that could excuse a difference.
check_audit() {
  local deadline=$((SECONDS + 60)) status found broken
  while :; do
    status=0
    found=$(closectl audit "$PERIOD" --deep --mailbox "$MAILDIR" --json 2>"$RUN/logs/audit.log") ||
      status=$?
    [[ $(jq -r .quiet <<<"$found") != true ]] || break
    ((SECONDS < deadline)) || break
    sleep 1
  done
  echo "$found" >"$RUN/logs/audit.json"
  equal "quiet when it is audited" true "$(jq -r .quiet <<<"$found")"
  broken=$(jq -c '[.invariants[] | select(.verdict == "broken") | {invariant, summary, offending}]' \
    <<<"$found")
  if ((status <= 1)) && [[ $broken == '[]' ]]; then
    passed "the audit holds: $(jq -r '[.invariants[] | select(.verdict == "holds")] | length' \
      <<<"$found") invariants"
  else
    failed "the audit: exit $status: $broken $(cat "$RUN/logs/audit.log")"
  fi
}

# uncounted_mails: how many Message-IDs are in the sink more often than the report says
uncounted_mails() {
  local twice reported
  twice=$(message_ids | sort | uniq -d | wc -l)
  reported=$(report_json | jq .mailsResent)
  echo $((twice > reported ? twice - reported : 0))
}

# check_no_resends: if no mailer was killed, no mail may be there twice
check_no_resends() {
  equal "mails sent twice (by Message-ID) although nothing was killed" 0 \
    "$(message_ids | sort | uniq -d | wc -l)"
  equal "mails the report counts as sent again" 0 "$(report_json | jq .mailsResent)"
}

# check_collected: the gateway's charges equal what the ledger says was collected, per currency. A charge is
# the gateway's before it is the ledger's: while attempts are being made, they differ for a moment.
check_collected() {
  local charged collected deadline=$((SECONDS + 30))
  while true; do
    charged=$(charged_sums | sort | tr '\n' ' ')
    collected=$(report_json | jq -r '.. | objects | select(has("ledgerSum") and .collected > 0)
      | "\(.currency) \(.collected)"' | sort | tr '\n' ' ')
    [[ $charged != "$collected" ]] || break
    ((SECONDS < deadline)) || break
    sleep 0.5
  done
  equal "collected per currency: gateway and ledger" "$charged" "$collected"
}
