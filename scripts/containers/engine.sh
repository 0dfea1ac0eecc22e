# shellcheck shell=bash
# Sourced by the scripts in this folder: podman with its own storage, settings and networks under
# .run/containers, whatever other podman or docker the machine has.

# shellcheck source=../stage.sh
source "$(dirname "${BASH_SOURCE[0]}")/../stage.sh"
STATE=$ROOT/.run/containers
export IMAGES=localhost/month-close
export BASE_IMAGE=$IMAGES/debian:bookworm-slim
export RABBITMQ_IMAGE=$IMAGES/rabbitmq:debian POSTGRES_IMAGE=$IMAGES/postgres:debian
export MAIL_SINK_IMAGE=$IMAGES/mail:debian


# why_not: a sentence that says why containers cannot be run here, or nothing
why_not() {
  local tool
  for tool in podman docker-compose debootstrap runc unshare; do
    command -v "$tool" >/dev/null || {
      echo "$tool is missing: scripts/install-debian --for containers"
      return
    }
  done
  ((EUID == 0)) || {
    echo "needs root: for namespaces of its own and for debootstrap"
    return
  }
  unshare --mount --net --pid --fork --mount-proc true 2>/dev/null ||
    echo "the kernel does not allow our own namespaces here"
}

# use_engine: settings for every podman this shell starts
use_engine() {
  mkdir -p "$STATE/storage" "$STATE/run" "$STATE/networks"
  cat >"$STATE/storage.conf" <<CONF
[storage]
driver = "${STORAGE_DRIVER:-overlay}"
graphroot = "$STATE/storage"
runroot = "$STATE/run/storage"
CONF
  # runc, because crun refuses cgroups if versions 1 and 2 are mounted side by side
  cat >"$STATE/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
tmp_dir = "$STATE/run/libpod"
static_dir = "$STATE/storage/libpod"
volume_path = "$STATE/storage/volumes"
[network]
network_config_dir = "$STATE/networks"
CONF
  export CONTAINERS_STORAGE_CONF=$STATE/storage.conf CONTAINERS_CONF=$STATE/containers.conf
  export BUILDAH_FORMAT=docker # the OCI format has no HEALTHCHECK
}

# in_own_namespaces SCRIPT ARGUMENT...: runs this script again with its own network, mounts and processes.
# Nothing it starts can reach another machine or be reached from one, and nothing outlives the script.
in_own_namespaces() {
  [[ -z "${CONTAINERS_INSIDE:-}" ]] || return 0
  mkdir -p "$STATE"
  exec 8>"$STATE/lock"
  flock --nonblock 8 || die "another trial in containers is already running"
  CONTAINERS_INSIDE=yes exec unshare --mount --net --pid --fork --kill-child --mount-proc "$@"
}

# begin_inside: sets up what new namespaces lack
begin_inside() {
  ip link set lo up
  mkdir -p /run/netns /run/containers "$STATE/run"
  mount -t tmpfs tmpfs /run/netns
  # podman's name server keeps its addresses here, wherever its other state is: those of a killed run would
  # stay, and a name would lead nowhere.
  mount -t tmpfs tmpfs /run/containers
  mount -t tmpfs tmpfs /dev/shm
  # As after a reboot: podman must not consider earlier containers as running.
  mount -t tmpfs tmpfs "$STATE/run"
  use_engine
}

# start_engine: podman with docker's interface, for docker-compose
start_engine() {
  export DOCKER_HOST=unix://$STATE/run/engine.sock
  podman system service --time 0 "$DOCKER_HOST" >"$STATE/engine.log" 2>&1 &
  local deadline=$((SECONDS + 20))
  until [[ -S $STATE/run/engine.sock ]]; do
    ((SECONDS < deadline)) || die "podman does not answer; its log is $STATE/engine.log"
    sleep 0.1
  done
}

# forget_former_runs: removes containers, networks and volumes of earlier runs; keeps images
forget_former_runs() {
  podman rm --all --force --time 0 >/dev/null 2>&1 || true # the containers are gone, their records may be inconsistent
  podman network prune --force >/dev/null
  podman volume prune --force >/dev/null
}
