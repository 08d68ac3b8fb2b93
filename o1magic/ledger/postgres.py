"""The ledger in a PostgreSQL database that several people share.

Layer 3. Knows the server, not what the rows mean. `psycopg` is imported on first use. Called by `ledger`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from o1magic.errors import LedgerError, redact
from o1magic.ledger import migrations, place, postgres_rights, schema
from o1magic.ledger.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from o1magic.ledger.schema import Execute, Result

# "o1mg", as in the SQLite file: two owners never set up at once.
_SETTING_UP = 0x6F316D67

# Nobody's laptop that falls asleep within a transaction keeps a class waiting. A server that gains its speed by losing
# what it acknowledged does not do so for us.
_SESSION = f"""
SET search_path TO {postgres_rights.SCHEMA};
SET lock_timeout TO '{place.BUSY_S:.0f}s';
SET idle_in_transaction_session_timeout TO '{place.BUSY_S / 2:.0f}s';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""

# From the catalogue, which everybody may read: who this is, whether the ledger is there, whose it is, and what this
# role may do about it.
_WHO = f"""
SELECT current_user::text,
       ours.oid IS NOT NULL,
       COALESCE(ours.nspowner = (SELECT oid FROM pg_roles WHERE rolname = current_user),
                has_database_privilege(current_database(), 'CREATE')),
       COALESCE(has_schema_privilege(ours.oid, 'USAGE'), false)
FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS ours ON ours.nspname = '{postgres_rights.SCHEMA}'
"""  # noqa: S608 - our own names


class PostgresStore(Store):
    """One connection to a PostgreSQL server. The URL's password goes to the server and nowhere else."""

    def __init__(self, url: str) -> None:
        super().__init__(place.shown_url(url))
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def _opened(self) -> Execute:
        if self._connection is None or self._connection.closed:
            self._connection = None
            self._connection = self._connected()
            self.openings += 1
        return self._execute

    def _begin(self, *, wait: bool) -> None:  # noqa: ARG002 - people's transactions wait for each other, briefly
        try:
            self._execute("BEGIN")
        except self._errors():
            # The server was restarted since the last call, or a firewall dropped the line: nothing was asked of it yet.
            if self._connection is not None and not self._connection.closed:
                raise
            self._opened()
            self._execute("BEGIN")

    def _roll_back(self) -> None:
        with contextlib.suppress(self._errors()):
            if self._connection is not None and not self._connection.closed:
                self._connection.rollback()

    def _close(self) -> None:
        connection = self._forget()
        if connection is not None:
            connection.close()

    def _forget(self) -> psycopg.Connection[Any] | None:
        # __del__ comes here even where __init__ did not come to its end.
        connection: psycopg.Connection[Any] | None = getattr(self, "_connection", None)
        self._connection = None
        return connection

    def _execute(self, statement: str, parameters: Sequence[object] = (), /) -> Result:
        if self._connection is None:
            raise LedgerError(f"The ledger {self.name} was closed meanwhile.", path=self.name)
        return self._connection.execute(_worded(statement), tuple(parameters))

    def _errors(self) -> type[Exception]:
        try:
            import psycopg
        except ImportError:
            return _NeverError
        return psycopg.Error

    def _explanation(self, error: Exception) -> LedgerError:
        if getattr(error, "sqlstate", None) == "23505":
            return place.unusable(self.name, "it holds this call already", "Every call needs an id of its own.")
        said = " ".join(str(error).replace(self._url, self.name).split())
        return place.unusable(self.name, redact(said, place.secrets_of(self._url)).rstrip("."), _advice(error))

    def _connected(self) -> psycopg.Connection[Any]:
        try:
            import psycopg
        except ImportError as error:
            how = "pip install 'o1magic[postgres]', or set O1MAGIC_LEDGER to a file."
            raise place.unusable(self.name, "psycopg is not installed", how) from error

        # Not `from`: what it says of the URL is not for eyes.
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="o1magic")
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        for statement in _SESSION.split(";"):
            connection.execute(statement.strip())
        user, made, owns, may_use = connection.execute(_WHO).fetchone() or ("", False, False, False)
        self.user, self.owns = str(user), bool(owns)
        if not owns and not may_use:
            how = f"Its owner lets you in: SELECT {postgres_rights.SCHEMA}.admit('{user}')."
            if not made:
                how = "Who owns the database sets it up, by using it once."
            raise place.unusable(self.name, f"{user} has no access to it", how)
        newest = len(migrations.STEPS)
        number = _version(connection) if made else 0
        self.read_only = None
        if number > newest:
            self.read_only = f"a newer o1magic made it (schema {number}; this one knows {newest})"
            self.read_only_how = f"Upgrade o1magic, or set {place.VARIABLE} to another ledger."
        elif number < newest and not owns:
            self.read_only = f"it has schema {number}, and this o1magic needs {newest}"
            self.read_only_how = "Its owner brings it up to date by using this version of o1magic once."
        elif number < newest:
            self._migrate(connection)

    def _migrate(self, connection: psycopg.Connection[Any]) -> None:
        """Bring the schema to the newest in one transaction, and write the rights anew."""
        with connection.transaction():
            connection.execute(f"SELECT pg_advisory_xact_lock({_SETTING_UP})")

            def execute(statement: str, parameters: Sequence[object] = (), /) -> Any:
                return connection.execute(_worded(statement), tuple(parameters))

            execute(f"CREATE SCHEMA IF NOT EXISTS {postgres_rights.SCHEMA}")
            execute("CREATE TABLE IF NOT EXISTS version (number INTEGER NOT NULL)")
            number = _version(connection)  # another process of the owner may have done it while this one waited
            for step in migrations.STEPS[number:]:
                step(execute)
            execute("DELETE FROM version")
            execute("INSERT INTO version (number) VALUES (?)", (max(number, len(migrations.STEPS)),))
            for statement in postgres_rights.STATEMENTS:
                execute(statement)


class _NeverError(Exception):
    """What nobody raises: without psycopg there are no errors of it."""


def _version(connection: psycopg.Connection[Any]) -> int:
    found = connection.execute("SELECT number FROM version").fetchone()
    return int(found[0]) if found else 0


def _worded(statement: str) -> str:
    """Return a statement as PostgreSQL and psycopg have it."""
    known = _WORDED.get(statement)
    if known is None:
        known = statement.replace("%", "%%").replace("?", "%s")
        known = known.replace(migrations.SERIAL, "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        if statement == schema.COUNTED:
            known += " FOR UPDATE"  # whoever reads how a call stands is about to change it
        _WORDED[statement] = known
    return known


_WORDED: dict[str, str] = {}


def _advice(error: Exception) -> str:
    kind = str(getattr(error, "sqlstate", None) or "")
    if kind.startswith("55P03"):
        return "Try again when that program is done."
    return f"Check that the server runs and {place.VARIABLE} is right, or set it to a file."
