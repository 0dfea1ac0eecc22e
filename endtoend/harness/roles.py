"""PostgreSQL with the roles and rights that `closectl store roles` prints."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg

from harness.places import program
from harness.store import PostgresServer, PostgresStore

DATABASE = "month_close"
MISSING_RIGHT = "42501"

# Acts on each table; month_close_refuse is the function of the triggers that keep entries.
TABLE_ACTS = {
    "INSERT": "INSERT INTO {0} SELECT * FROM {0} WHERE false",
    "DELETE": "DELETE FROM {0} WHERE false",
    "TRUNCATE": "TRUNCATE {0} CASCADE",
    "DROP": "DROP TABLE {0} CASCADE",
    "ALTER": "ALTER TABLE {0} ADD COLUMN spare bigint",
    "DISABLE": "ALTER TABLE {0} DISABLE TRIGGER USER",
    "INDEX": "CREATE INDEX ON {0} ((1))",
    "TRIGGER": "CREATE TRIGGER t AFTER INSERT ON {0} EXECUTE FUNCTION month_close_refuse()",
}
OTHER_ACTS = {
    "CREATE table": "CREATE TABLE spare (id bigint)",
    "CREATE temporary table": "CREATE TEMPORARY TABLE spare (id bigint)",
    "CREATE function": "CREATE FUNCTION spare() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
    "CREATE schema": "CREATE SCHEMA spare",
    "CREATE role": "CREATE ROLE spare",
    "REPLACE the refusal": "CREATE OR REPLACE FUNCTION month_close_refuse() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "EVADE triggers": "SET session_replication_role = replica",
    "BECOME owner": "SET ROLE month_close_owner",
}
IN_PUBLIC = "c.relnamespace = 'public'::regnamespace"


class RolesStore(PostgresStore):
    """A database made by that SQL on a server of its own; read as its owner."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server = server
        self.name = DATABASE
        self.folder = folder
        self._password = secrets.token_hex(12)
        # Those of scripts/postgres and of the test before have the names in that SQL.
        server.superuser("DROP DATABASE IF EXISTS month_close WITH (FORCE)")
        for role in ("month_close_operator", "month_close", "month_close_owner"):
            server.superuser(f"DROP ROLE IF EXISTS {role}")
        for statement in _statements(printed("roles").replace("'…'", f"'{self._password}'")):
            server.superuser(statement)
        server.superuser(printed("schema"), DATABASE)
        self.url = self.url_of("month_close_owner")

    def url_of(self, role: str) -> str:
        return f"postgres://{role}:{self._password}@127.0.0.1:{self.server.port}/{DATABASE}"

    def session(self, role: str) -> psycopg.Connection:
        url = self.url_of(role).replace("postgres://", "postgresql://")
        return psycopg.connect(url, autocommit=True)

    def grant(self) -> None:
        """The rights that are printed; also again, when one was taken back."""
        with self.session("month_close_owner") as owner:
            owner.execute(printed("rights"))

    def granted(self, role: str) -> set[str]:
        """`INSERT table`, `UPDATE table column`: each right that it was given, except reading."""
        rights = self.rows(
            f"""SELECT a.privilege_type, c.relname, '' FROM pg_class c, aclexplode(c.relacl) a
            WHERE {IN_PUBLIC} AND c.relkind = 'r' AND a.grantee = '{role}'::regrole
              AND a.privilege_type <> 'SELECT'
            UNION SELECT a.privilege_type, c.relname, t.attname FROM pg_class c, pg_attribute t,
              aclexplode(t.attacl) a WHERE t.attrelid = c.oid AND a.grantee = '{role}'::regrole"""
        )
        return {" ".join(right).strip() for right in rights}

    def acts(self) -> dict[str, str]:
        """Every act on every table, column and sequence, by its name."""
        tables = self.rows(f"SELECT relname FROM pg_class c WHERE {IN_PUBLIC} AND relkind = 'r'")
        columns = self.rows(
            f"""SELECT c.relname, t.attname FROM pg_class c JOIN pg_attribute t
              ON t.attrelid = c.oid WHERE {IN_PUBLIC} AND c.relkind = 'r' AND t.attnum > 0
              AND NOT t.attisdropped"""
        )
        sequences = self.rows(f"SELECT relname FROM pg_class c WHERE {IN_PUBLIC} AND relkind = 'S'")
        found = {
            f"{act} {table}": sql.format(f'"{table}"')
            for act, sql in TABLE_ACTS.items()
            for (table,) in tables
        }
        found |= {
            f"UPDATE {table} {column}": f'UPDATE "{table}" SET "{column}" = "{column}" WHERE false'
            for table, column in columns
        }
        found |= {f"NUMBER {name}": f"SELECT nextval('{name}')" for (name,) in sequences}
        return found | OTHER_ACTS

    def not_refused(self, role: str) -> set[str]:
        """The acts for which that role does not lack a right, whatever else stops them."""
        allowed = set()
        with self.session(role) as session:
            for name, sql in self.acts().items():
                if _code_of(session, sql) != MISSING_RIGHT:
                    allowed.add(name)
        return allowed

    def watch(self) -> None:
        """From now on triggers that change nothing record who makes use of which right."""
        self.server.superuser(
            """CREATE SCHEMA witness;
            CREATE TABLE witness.seen (role text, act text);
            CREATE FUNCTION witness.see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
              INSERT INTO witness.seen VALUES (session_user,
                rtrim(concat_ws(' ', TG_OP, TG_TABLE_NAME, TG_ARGV[0])));
              RETURN NULL;
            END $$""",
            DATABASE,
        )
        triggers = []
        for role in ("month_close", "month_close_operator"):
            for right in self.granted(role):
                act, table, *column = right.split()
                of = f"OF {column[0]}" if column else ""
                triggers.append(
                    f'CREATE TRIGGER "witness {role} {right}" AFTER {act} {of} ON public.{table}'
                    f" FOR EACH STATEMENT EXECUTE FUNCTION witness.see('{' '.join(column)}')"
                )
        self.server.superuser(";".join(triggers), DATABASE)

    def seen(self, role: str) -> set[str]:
        sql = f"SELECT DISTINCT act FROM witness.seen WHERE role = '{role}'"
        return set(self.server.superuser(sql, DATABASE).splitlines())


def printed(step: str) -> str:
    """The SQL of one step."""
    command = [program("closectl"), "store", "roles", "--json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    return json.loads(said)[step]


def _statements(sql: str) -> Iterator[str]:
    """One at a time: a database is made in no transaction."""
    return (statement for statement in sql.split(";") if statement.strip())


def _code_of(session: psycopg.Connection, sql: str) -> str:
    """The code of the error that stops it; it has no effect either way."""
    with session.transaction(force_rollback=True):
        try:
            with session.transaction():
                session.execute(sql)
        except psycopg.Error as error:
            return error.sqlstate or ""
    return ""
