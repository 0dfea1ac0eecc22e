# shellcheck shell=bash
# Sourced by scenarios: a TLS terminator, with exchangeable certificates, in front of a plain-text server.

declare -A TLS_PORT=() TLS_TARGET=()

# terminator NAME TARGET-PORT CERTIFICATE: at TLS_PORT[NAME]; CERTIFICATE from $CA, or `plain`
terminator() {
  TLS_PORT[$1]=${TLS_PORT[$1]:-$(free_port)}
  TLS_TARGET[$1]=$2
  certificate_of "$1" "$3"
}

# certificate_of NAME CERTIFICATE: uses it from now on, at the same port
certificate_of() {
  local name=$1 port=${TLS_PORT[$1]} target=TCP:127.0.0.1:${TLS_TARGET[$1]}
  ! process_alive "tls-$name" || stop_process "tls-$name"
  if [[ $2 == plain ]]; then
    start_process "tls-$name" socat -d -d "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" "$target"
  else
    start_process "tls-$name" socat -d -d \
      "OPENSSL-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork,cert=$CA/$2.pem,key=$CA/$2.key,verify=0" \
      "$target"
  fi
  wait_for_port "tls-$name" "$port" 30
}

# accepted_by NAME: how many connections it has accepted
accepted_by() { grep -c 'accepting connection' "$RUN/logs/tls-$1.log" || true; }

# certificates_seen NAME: how many clients saw its certificate and broke off, with an alert or, if they
# compare names only afterwards, right after the handshake
certificates_seen() {
  grep -cE 'SSL_accept\(\).*alert|SSL connection using' "$RUN/logs/tls-$1.log" || true
}
