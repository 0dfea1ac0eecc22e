# shellcheck shell=bash
# Sourced by 13-tls: the store on a PostgreSQL with TLS and client certificates; STORE_PLACE is its place,
# empty without PostgreSQL. The server itself switches certificates, since PostgreSQL connections begin in
# plain text and no proxy can speak TLS in its place.

STORE_PLACE=
if [[ ! -x /usr/lib/postgresql/15/bin/postgres ]]; then
  skipped "PostgreSQL with verify-full: postgresql-15 is not installed"
  return 0
fi
# what the server saw of each handshake
printf '%s\n' 'log_connections = on' 'log_min_messages = debug2' >"$CA/postgresql.conf"
POSTGRES_TLS=$CA POSTGRES_CLIENTS=yes POSTGRES_CONFIG=$CA/postgresql.conf use_postgres "$RUN/postgres"
STORE_BARE=$(sed -n 's/^export POSTGRES_URL=//p' "$RUN/postgres/postgres.env")
STORE_PLACE=$(sed -E 's,.*//([^:]*):[^@]*@,\1@,' <<<"$STORE_BARE")
# store_as CLIENT [AUTHORITIES]: the URL with that certificate of ours
store_as() {
  echo "$STORE_BARE?sslmode=verify-full&sslrootcert=${2:-$CA/ca.pem}&sslcert=$CA/$1.pem&sslkey=$CA/$1.key"
}
setting MONTHCLOSE_STORE_URL "$(store_as client-store)"

store_log() { grep -cE "$1" "$RUN/postgres/log/postgres.log" || true; }
store_certificate() { "$ROOT/scripts/postgres" certificate "$RUN/postgres" "$CA/$1"; }
# store_handshakes: handshakes in which the client rejected its certificate or, if only the name is wrong,
# completed the handshake and gave up. Connections that only look are not counted.
store_handshakes() {
  store_log 'could not accept SSL connection: .* alert|SSL connection from DN:"CN=month_close"'
}
# certificates it did not accept, or did not find
store_clients_refused() {
  store_log 'could not accept SSL connection: certificate verify failed|requires a valid client cert'
}
store_other_users() { store_log 'FATAL: .*authentication failed for user'; }
store_connections() { store_log 'connection received'; }

store_faults() {
  local check=("$RUN/with" holder "$BIN/holder" --check) name before
  # refuses_store FAULT PATTERN URL
  refuses_store() {
    refuses store "$1" "MONTHCLOSE_STORE_URL: .*$STORE_PLACE.*$2" \
      "$RUN/with" holder env "MONTHCLOSE_STORE_URL=$3" "$BIN/holder" --check
  }
  bad_certificates store "$STORE_PLACE cannot be used over TLS" MONTHCLOSE_STORE_URL "${check[@]}"
  store_certificate server
  equal "store: with a good one the check finds" 0 \
    "$("${check[@]}" >/dev/null 2>&1 && echo 0 || echo "status $?")"

  for name in other-store client-store-expired; do
    client_certificate store store_clients_refused "$name" \
      "$STORE_PLACE cannot be used over TLS: it rejects our certificate \(sslcert\)" \
      "$RUN/with" holder env "MONTHCLOSE_STORE_URL=$(store_as "$name")" "$BIN/holder" --check
  done
  client_certificate store store_clients_refused "no client certificate" \
    "$STORE_PLACE cannot be used over TLS: it requires a client certificate" \
    "$RUN/with" holder env "MONTHCLOSE_STORE_URL=$STORE_BARE?sslmode=verify-full&sslrootcert=$CA/ca.pem" \
    "$BIN/holder" --check
  client_certificate store store_other_users "a certificate for another user" \
    "$STORE_PLACE.*the certificate in sslcert is for another user" \
    "$RUN/with" holder env "MONTHCLOSE_STORE_URL=$(store_as client-holder)" "$BIN/holder" --check
  refuses_store "a client certificate that is not there" 'sslcert .*/none.pem does not exist' \
    "$(store_as none)"
  refuses_store "no TLS where it is asked for" 'no pg_hba.conf entry.*no encryption' \
    "$STORE_BARE?sslmode=disable"
  refuses_store "an authority's file that is not there" 'sslrootcert: root certificate file .* does not exist$' \
    "$(store_as client-store /nowhere/ca.pem)"
  refuses_store "an authority's file that is none" 'sslrootcert: could not read root certificate file' \
    "$(store_as client-store /etc/hostname)"
  (umask 022 && cp "$CA/client-store.pem" "$CA/open.pem" && cp "$CA/client-store.key" "$CA/open.key")
  chmod 644 "$CA/open.key"
  refuses_store "a key that others may read" 'sslkey: private key file .* has group or world access' \
    "$(store_as open)"

  "$RUN/postgres/psql" -qc "ALTER SYSTEM SET ssl = off" -c "SELECT pg_reload_conf()" >/dev/null
  until [[ $("$RUN/postgres/psql" -Atc 'SHOW ssl') == off ]]; do sleep 0.1; done
  before=$(store_connections)
  refuses_store "plain text where TLS is expected" 'cannot be used over TLS: it does not use TLS on that port' \
    "$(store_as client-store)"
  reached store "plain text where TLS is expected" "$before" store_connections
  "$RUN/postgres/psql" -qc "ALTER SYSTEM RESET ssl" >/dev/null
  store_certificate server
  equal "refusals that tell the store's password" 0 \
    "$(grep -cF "$(sed -E 's,.*//[^:]*:([^@]*)@.*,\1,' <<<"$STORE_BARE")" "$RUN/logs/refusals.log" || true)"
}

# store_is_waited_for: by a service that is started while the certificate is bad
store_is_waited_for() {
  store_certificate expired
  start_with holder
  says holder "waiting for the store \(MONTHCLOSE_STORE_URL\).*its certificate has expired"
  store_certificate server
}

# store_renewed_meanwhile: connections are lost while it is bad
store_renewed_meanwhile() {
  store_certificate expired
  "$RUN/postgres/psql" -qAtc "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename = 'month_close'" >"$RUN/terminated"
  at_least "connections to the store that were ended" 4 "$(cat "$RUN/terminated")"
  says mailer "waiting for the store .*its certificate has expired"
  store_certificate server
}

# store_was_encrypted: at the end. A mail whose failure could not be recorded while the store was unavailable
# may be counted as possibly sent again (the report's figure); none was.
store_was_encrypted() {
  equal "mails sent twice (by Message-ID)" 0 "$(message_ids | sort | uniq -d | wc -l)"
  equal "sessions in the store, by encryption and certificate" "t|/CN=month_close" \
    "$("$RUN/postgres/psql" -qAtc "SELECT DISTINCT ssl, client_dn FROM pg_stat_ssl JOIN pg_stat_activity
      USING (pid) WHERE usename = 'month_close'")"
}
