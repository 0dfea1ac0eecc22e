# shellcheck shell=bash
# Sourced by chaos.sh: services as children of this shell, so that it learns how they ended.

declare -A CHILD=()

# start_child NAME SERVICE [KEY=VALUE...]: like start_service, and end_of_child can wait for it
start_child() {
  local name=$1 service=$2
  shift 2
  ! process_alive "$name" || die "$name already runs in $RUN (pid $(process_pid "$name"))"
  setsid env "$@" "$BIN/$service" >>"$RUN/logs/$name.log" 2>&1 </dev/null &
  CHILD[$name]=$!
  record_pid "$RUN/pids/$name.pid" "${CHILD[$name]}"
  STAGE_STARTED+=("$RUN/pids/$name.pid")
}

# child_alive NAME
child_alive() { [[ -n "${CHILD[$1]:-}" ]] && process_alive "$1"; }

# end_of_child NAME: waits until it has ended, and sets ENDED to its exit status; 137: SIGKILL
end_of_child() {
  ENDED=0
  wait "${CHILD[$1]}" 2>/dev/null || ENDED=$?
  unset "CHILD[$1]"
}
