# shellcheck shell=bash
# Sourced first by scenarios that cut links: starts a cluster of hosts and runs the scenario again on its
# services' host, which has its own 127.0.0.1: gateway, mail sink and store are there.

CLUSTER_DIR=$(cd "$(dirname "$0")/../.." && pwd)/.run/chaos/cluster-$(basename "$0")
CLUSTER=$(dirname "$0")/../cluster
if [[ -z ${ON_A_HOST_OF_ITS_OWN:-} ]]; then
  if ((EUID != 0)) || ! command -v ip >/dev/null || ! unshare --net true 2>/dev/null; then
    id=$(basename "$0")
    echo "skipped $id: needs root, iproute2 and network namespaces" | tee -a "${CHAOS_RESULTS:-/dev/null}"
    printf '%s\t%s\t\t\t\tskipped: needs root, iproute2 and network namespaces\n' "${id%%-*}" \
      "$(sed -n '2s/^# //p' "$0")" >>"${CHAOS_TABLE:-/dev/null}"
    exit 0
  fi
  trap '"$CLUSTER" stop "$CLUSTER_DIR" >/dev/null' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  CLUSTER_NET=hosts "$CLUSTER" start "$CLUSTER_DIR"
  ON_A_HOST_OF_ITS_OWN=yes CHAOS_BROKER_DIR=$CLUSTER_DIR "$CLUSTER" inside "$CLUSTER_DIR" "$0"
  exit
fi
