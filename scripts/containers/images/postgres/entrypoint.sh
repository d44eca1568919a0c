#!/bin/bash
# What of the official image's entrypoint docker-compose.yml and the tests use: as root it takes the password and the folder, and
# becomes postgres; the first time it makes a cluster; then it is the server.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(< "$POSTGRES_PASSWORD_FILE")
    export POSTGRES_PASSWORD
  fi
  mkdir -p "$PGDATA"
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec gosu postgres "${BASH_SOURCE[0]}" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  read -ra options <<< "${POSTGRES_INITDB_ARGS:-}"
  initdb --pgdata="$PGDATA" --username=postgres --auth-local=trust --auth-host="$method" \
    --pwfile=<(echo "${POSTGRES_PASSWORD:-unused}") "${options[@]}"
  echo "host all all all $method" >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
exec "$@"
