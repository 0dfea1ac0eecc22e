# shellcheck shell=bash
# Sourced by the other scripts: starts and stops the processes of one trial run ("stage").
#
# A stage is a folder under .run: pids/, logs/, the store, the mails, the gateway's log, the clock.
# Every process listens on 127.0.0.1 only, on a free port, and is stopped by its own pid.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SERVICES=(invoicer charger mailer holder reporter)
STAGE_STARTED=() # pid files of processes that this shell started, oldest first
STAGE_BROKERS=() # broker folders this shell started
STAGE_SERVERS=() # PostgreSQL folders this shell started
STAGE_T0=${EPOCHREALTIME/,/.}

# ---- words ------------------------------------------------------------------------------------

# shellcheck disable=SC2034  # not every script uses every colour
if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

# seconds_since T: with one decimal
seconds_since() { awk -v a="$1" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", b - a }'; }

heading() { printf '\n%s%7s s  %s%s\n' "$BOLD" "$(seconds_since "$STAGE_T0")" "$*" "$PLAIN"; }
say() { printf '           %s\n' "$*"; }
warn() { printf '%s%s%s\n' "$YELLOW" "$*" "$PLAIN" >&2; }
die() {
  printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2
  exit 1
}

# ---- building ---------------------------------------------------------------------------------

# build_swift debug|release [OPTION...]: builds, and sets BIN to the folder of the binaries. If BIN
# is already set, it builds nothing. On a terminal it shows the compiler's progress, otherwise it logs it.
build_swift() {
  [[ -z "${BIN:-}" ]] || return 0
  local configuration=$1 log=$ROOT/.run/build-$1.log
  local options=(--package-path "$ROOT" -c "$configuration")
  [[ -z "${SCRATCH:-}" ]] || options+=(--scratch-path "$SCRATCH")
  mkdir -p "$ROOT/.run"
  say "$configuration; the first time it takes several minutes"
  if [[ -t 1 ]]; then
    swift build "${options[@]}" "${@:2}" || die "the build failed"
  elif ! swift build "${options[@]}" "${@:2}" >"$log" 2>&1; then
    grep -E 'error:' "$log" >&2 || tail -n 40 "$log" >&2
    die "the build failed; its output is in $log"
  fi
  BIN=$(swift build "${options[@]}" --show-bin-path)
}

# ---- ports ------------------------------------------------------------------------------------

# port_open PORT: true if something on loopback accepts a connection on it
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port: prints a port that nobody listens on, below the kernel's ephemeral range; FREE_PORTS="21000 500"
# sets the first and how many, for tests that run at the same time
free_port() {
  local port tries first count
  read -r first count <<<"${FREE_PORTS:-20000 12000}"
  for ((tries = 0; tries < 200; tries++)); do
    port=$((first + RANDOM % count))
    if ! port_open "$port"; then
      echo "$port"
      return
    fi
  done
  die "found no free port on 127.0.0.1 from $first to $((first + count - 1))"
}

# wait_for_port NAME PORT SECONDS: until NAME's process listens there; shows the end of its log otherwise
wait_for_port() {
  local name=$1 port=$2 seconds=$3
  local deadline=$((SECONDS + seconds))
  until port_open "$port"; do
    if ! process_alive "$name"; then
      log_tail "$name"
      die "$name ended before it listened on 127.0.0.1:$port; its log is above"
    fi
    if ((SECONDS >= deadline)); then
      log_tail "$name"
      die "$name does not listen on 127.0.0.1:$port after $seconds s; its log is above"
    fi
    sleep 0.05
  done
}

# ---- processes --------------------------------------------------------------------------------

# started_at PID: the kernel's start time, so that a reused pid is not mistaken
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  awk '{ print $20 }' <<<"$stat"
}

# recorded_pid FILE: prints the pid of a pid file if that same process is still running
recorded_pid() {
  local pid start
  [[ -f $1 ]] || return 1
  read -r pid start <"$1" || return 1
  [[ -n $pid && "$(started_at "$pid")" == "$start" ]] || return 1
  [[ "$(process_state "$pid")" != Z ]] || return 1
  echo "$pid"
}

process_state() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  echo "${stat%% *}"
}

process_pid() { recorded_pid "$RUN/pids/$1.pid"; }
process_alive() { process_pid "$1" >/dev/null; }

# log_tail NAME: the end of a log, readable
log_tail() {
  printf '%s---- end of %s%s\n' "$DIM" "$RUN/logs/$1.log" "$PLAIN" >&2
  tail -n "${2:-20}" "$RUN/logs/$1.log" >&2 || true
  printf '%s----%s\n' "$DIM" "$PLAIN" >&2
}

# record_pid FILE PID
record_pid() {
  mkdir -p "$(dirname "$1")"
  echo "$2 $(started_at "$2")" >"$1"
}

# start_process NAME COMMAND...: in the background, in a session of its own (Ctrl-C in the terminal
# reaches only this script, which then stops everything in order), with its output in logs/NAME.log
start_process() {
  local name=$1
  shift
  mkdir -p "$RUN/logs" "$RUN/pids"
  ! process_alive "$name" || die "$name is already running in $RUN (pid $(process_pid "$name"))"
  setsid "$@" >>"$RUN/logs/$name.log" 2>&1 </dev/null &
  record_pid "$RUN/pids/$name.pid" $!
  disown # the terminal need not report an intended kill
  STAGE_STARTED+=("$RUN/pids/$name.pid")
}

# stop_recorded FILE [SECONDS]: SIGTERM, then SIGKILL to the recorded process; does nothing if it is gone
stop_recorded() {
  local file=$1 seconds=${2:-25} pid deadline
  if pid=$(recorded_pid "$file"); then
    kill -TERM "$pid" 2>/dev/null || true
    deadline=$((SECONDS + seconds))
    while recorded_pid "$file" >/dev/null; do
      if ((SECONDS >= deadline)); then
        warn "$(basename "$file" .pid) (pid $pid) did not stop within $seconds s and was killed"
        kill -KILL "$pid" 2>/dev/null || true
        sleep 0.2
        break
      fi
      sleep 0.05
    done
  fi
  rm -f "$file"
}

stop_process() { stop_recorded "$RUN/pids/$1.pid" "${2:-25}"; }

# stop_everything: everything this shell started, newest first; called by the trap, whatever happens
stop_everything() {
  local i
  for ((i = ${#STAGE_STARTED[@]} - 1; i >= 0; i--)); do
    stop_recorded "${STAGE_STARTED[i]}" || true
  done
  for ((i = ${#STAGE_BROKERS[@]} - 1; i >= 0; i--)); do
    "$ROOT/scripts/broker" stop "${STAGE_BROKERS[i]}" >/dev/null || true
  done
  for ((i = ${#STAGE_SERVERS[@]} - 1; i >= 0; i--)); do
    "$ROOT/scripts/postgres" stop "${STAGE_SERVERS[i]}" >/dev/null || true
  done
  STAGE_STARTED=()
  STAGE_BROKERS=()
  STAGE_SERVERS=()
}

# on_exit: installs the trap
on_exit() {
  trap 'stop_everything' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

# supervised PURPOSE ARGUMENT...: installs what is needed for PURPOSE, then runs the calling script once more, with
# these arguments, so that everything it starts ends with it, also what is not its own child: the brokers of
# test processes, for example
supervised() {
  if [[ ${SUPERVISED:-} == "$0" ]]; then
    unset SUPERVISED # a script of the same name that this one starts has a supervisor of its own
    return 0
  fi
  "$ROOT/scripts/install-debian" --for "$1"
  SUPERVISED=$0 exec /usr/bin/python3 "$ROOT/endtoend/harness/supervisor.py" "$0" "${@:2}"
}

# ---- the parts of a stage ---------------------------------------------------------------------

# new_stage NAME: an empty folder .run/NAME; refuses if an earlier stage there is still running
new_stage() {
  RUN=${RUN_ROOT:-$ROOT/.run}/$1
  local file
  for file in "$RUN"/pids/*.pid "$RUN"/broker/*.pid "$RUN"/postgres/*.pid; do
    if recorded_pid "$file" >/dev/null; then
      die "processes of an earlier run are still running in $RUN: stop them with \`scripts/stop $RUN\`"
    fi
  done
  rm -rf "$RUN"
  mkdir -p "$RUN/logs" "$RUN/pids"
  STAGE_ENV=$RUN/env
  : >"$STAGE_ENV"
}

# setting KEY VALUE: exported, and written to RUN/env so that you can look around later
setting() {
  export "$1=$2"
  printf 'export %s=%q\n' "$1" "$2" >>"$STAGE_ENV"
}

# use_broker DIR: starts a private broker there and makes the stage use it
use_broker() {
  STAGE_BROKERS+=("$1")
  "$ROOT/scripts/broker" start "$1"
  # shellcheck disable=SC1091
  source "$1/broker.env"
  BROKER_ROOT_URL=$MONTHCLOSE_BROKER_URL
  setting MONTHCLOSE_BROKER_URL "$MONTHCLOSE_BROKER_URL"
}

# use_postgres DIR: starts a private PostgreSQL there, for stages whose STORE is postgres
use_postgres() {
  STAGE_SERVERS+=("$1")
  "$ROOT/scripts/postgres" start "$1"
  export STAGE_POSTGRES=$1
}

# store_url: SQLite in the stage's folder; with STORE=postgres an empty database of STAGE_POSTGRES
store_url() {
  local name
  case ${STORE:-sqlite} in
    sqlite) echo "sqlite:$RUN/month-close.db" ;;
    postgres)
      name=$(basename "$(dirname "$RUN")")_$(basename "$RUN")
      name=${name,,}
      "$ROOT/scripts/postgres" database "${STAGE_POSTGRES:?the folder of a running PostgreSQL}" \
        "s_${name//[^a-z0-9]/_}"
      ;;
    *) die "STORE must be sqlite or postgres, not $STORE" ;;
  esac
}

# use_vhost NAME: an empty virtual host on the running broker
use_vhost() {
  "$RABBITMQCTL" -q add_vhost "$1"
  "$RABBITMQCTL" -q set_permissions -p "$1" guest '.*' '.*' '.*'
  VHOST=$1
  # for a cluster, the URL of each node
  setting MONTHCLOSE_BROKER_URL "$(sed -E "s#/(,|\$)#/$1\1#g" <<<"$BROKER_ROOT_URL")"
}

# use_settings: the settings that all services share
use_settings() {
  local url
  url=$(store_url)
  setting MONTHCLOSE_STORE_URL "$url"
  setting MONTHCLOSE_CLOCK_FILE "$RUN/clock"
  setting MONTHCLOSE_MAIL_FROM billing@month-close.example
  setting MONTHCLOSE_LOG_LEVEL "${MONTHCLOSE_LOG_LEVEL:-info}"
  setting MONTHCLOSE_GATEWAY_KEY sk_test_sandbox
  set_clock "${STAGE_TIME:-2026-12-01T02:00:00Z}"
}

# set_clock TIME: sets the stage's clock; whatever month it really is, the sample's month has ended
set_clock() {
  local seconds
  seconds=$(date -d "$1" +%s) || die "\"$1\" is not a time: write it like 2026-12-01T02:00:00Z"
  echo $((seconds - $(date +%s))) >"$RUN/clock"
}

# start_gateway [MILLISECONDS]: the sandbox payment gateway, with a latency
start_gateway() {
  GATEWAY_PORT=$(free_port)
  GATEWAY_LOG=$RUN/gateway.jsonl
  GATEWAY_LATENCY=${1:-0}
  run_gateway
  setting MONTHCLOSE_GATEWAY_URL "http://127.0.0.1:$GATEWAY_PORT"
}

# run_gateway: also to restart it after it was killed: same port, same log
run_gateway() {
  start_process gateway "$BIN/sandbox" serve --listen "127.0.0.1:$GATEWAY_PORT" \
    --log "$GATEWAY_LOG" --clock-file "$RUN/clock" --latency-ms "$GATEWAY_LATENCY" \
    --key "$MONTHCLOSE_GATEWAY_KEY"
  wait_for_port gateway "$GATEWAY_PORT" 30
}

# start_sink: Debian's aiosmtpd, which keeps every mail in a Maildir
start_sink() {
  SINK_PORT=$(free_port)
  MAILDIR=$RUN/mail
  mkdir -p "$MAILDIR"/{new,cur,tmp}
  run_sink
  setting MONTHCLOSE_SMTP_URL "smtp://127.0.0.1:$SINK_PORT"
}

# run_sink: also to restart it after it was killed
run_sink() {
  start_process sink /usr/bin/python3 -m aiosmtpd -n -l "127.0.0.1:$SINK_PORT" \
    -c aiosmtpd.handlers.Mailbox "$MAILDIR"
  wait_for_port sink "$SINK_PORT" 30
}

# mail_count: number of mails in the sink
mail_count() { find "$MAILDIR/new" "$MAILDIR/cur" -type f 2>/dev/null | wc -l; }

start_service() { start_process "$1" "$BIN/$1"; }

# start_services [NAME...]: one process each, and waits until each consumes from its queue
start_services() {
  local names=("$@") name
  ((${#names[@]})) || names=("${SERVICES[@]}")
  for name in "${names[@]}"; do start_service "$name"; done
  wait_for_consumers "${names[@]}"
}

# wait_for_consumers NAME...: until the broker has a consumer on every named queue
wait_for_consumers() {
  local deadline=$((SECONDS + 60)) name missing queues
  while :; do
    queues=$("$RABBITMQCTL" -q -p "${VHOST:-/}" list_consumers queue_name 2>/dev/null || true)
    missing=
    for name in "$@"; do
      if ! process_alive "$name"; then
        log_tail "$name"
        die "$name ended during its start; its log is above"
      fi
      grep -qx "$name" <<<"$queues" || missing="$missing $name"
    done
    [[ -n $missing ]] || return 0
    if ((SECONDS >= deadline)); then
      for name in $missing; do log_tail "$name"; done
      die "no consumer after 60 s on the queue of:$missing; the logs are above"
    fi
    sleep 0.3
  done
}

stop_services() {
  local name pid
  for name in "${SERVICES[@]}"; do # all at once, then wait for each
    if pid=$(process_pid "$name"); then kill -TERM "$pid" 2>/dev/null || true; fi
  done
  for name in "${SERVICES[@]}"; do stop_process "$name"; done
}

# closectl ARGS...: this build's operator tool
closectl() { "$BIN/closectl" "$@"; }

# with_commas NUMBER: 100000 -> 100,000
with_commas() { sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"; }

# money_text MINOR CURRENCY: 1230 CHF -> "12.30 CHF"; all currencies of the sample have two decimals
money_text() { awk -v minor="$1" -v currency="$2" 'BEGIN { printf "%.2f %s", minor / 100, currency }'; }
