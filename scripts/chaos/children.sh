# shellcheck shell=bash
# Sourced by chaos.sh: starts services so that their exit status is known afterwards.

# start_child NAME SERVICE [KEY=VALUE...]: like start_service; a shell of its own records its exit status
# and also keeps bash from reporting every kill on the terminal
start_child() {
  local name=$1 service=$2
  shift 2
  ! process_alive "$name" || die "$name is already running in $RUN (pid $(process_pid "$name"))"
  rm -f "$RUN/pids/$name.pid" "$RUN/pids/$name.ended"
  {
    setsid env "$@" "$BIN/$service" >>"$RUN/logs/$name.log" 2>&1 </dev/null &
    record_pid "$RUN/pids/$name.pid" $!
    local ended=0
    wait $! || ended=$?
    echo "$ended" >"$RUN/pids/$name.ended.new"
    mv "$RUN/pids/$name.ended.new" "$RUN/pids/$name.ended"
  } 2>/dev/null &
  disown
  STAGE_STARTED+=("$RUN/pids/$name.pid")
  until [[ -s $RUN/pids/$name.pid ]]; do sleep 0.01; done
}

# has_ended NAME: it was started by start_child and has ended
has_ended() { [[ -f $RUN/pids/$1.ended ]]; }

# ended_with NAME: waits for its end and prints the exit status; 137 is SIGKILL, 143 SIGTERM
ended_with() {
  until has_ended "$1"; do sleep 0.02; done
  cat "$RUN/pids/$1.ended"
}

# stop_child NAME: SIGTERM, and waits for its end
stop_child() {
  stop_process "$1"
  ended_with "$1" >/dev/null
}
