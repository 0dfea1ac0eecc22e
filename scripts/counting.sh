# shellcheck shell=bash
# Sourced after stage.sh: checks that are counted. CHECK_RESULTS is the file for their lines, SCENARIO the
# scenario they belong to.

passed() {
  printf '  %sok%s      %s\n' "$GREEN" "$PLAIN" "$*"
  echo "ok $SCENARIO: $*" >>"$CHECK_RESULTS"
}
failed() {
  printf '  %sFAILED%s  %s\n' "$RED" "$PLAIN" "$*"
  echo "failed $SCENARIO: $*" >>"$CHECK_RESULTS"
}
skipped() {
  printf '  %sskipped%s %s\n' "$YELLOW" "$PLAIN" "$*"
  echo "skipped $SCENARIO: $*" >>"$CHECK_RESULTS"
}

# equal WHAT EXPECTED FOUND
equal() {
  if [[ $2 == "$3" ]]; then passed "$1: $3"; else failed "$1: expected $2, found $3"; fi
}

# at_least WHAT LEAST FOUND
at_least() {
  if (($3 >= $2)); then passed "$1: $3"; else failed "$1: expected $2 or more, found $3"; fi
}

# contains WHAT PATTERN TEXT: the extended regular expression is found in the text
contains() {
  if grep -qE -- "$2" <<<"$3"; then
    passed "$1: $(grep -m 1 -E -- "$2" <<<"$3" | cut -c 1-160)"
  else
    failed "$1: nothing like /$2/ in: $(head -c 400 <<<"$3")"
  fi
}
