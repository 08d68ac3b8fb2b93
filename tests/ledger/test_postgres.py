"""What is PostgreSQL's own: people, passwords, a server that goes away."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ledger_kit import COST, HOLD, SETTLED, finish, intent, query, record, summed, work
from postgres_server import PASSWORD, Server

from o1magic.errors import ArgumentError, BudgetError, LedgerError
from o1magic.ledger import Ledger, migrations


@pytest.fixture
def url(server):
    """Return the URL of an empty database, as its owner."""
    database = server.database()
    yield database
    server.give_back(database)


_numbers = itertools.count(1)


def person(server, url, name, *, admitted=True):
    """Make a person, let in by the ledger's owner, and return the URL that is theirs."""
    database = url.rpartition("/")[2]
    role = f"{name}_{next(_numbers)}"
    server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    if admitted:
        query(url, f"SELECT o1magic.admit('{role}')")
    return server.url(role, database)


@pytest.fixture
def people(server, url):
    """Return the URLs of owner, ada and bob; the owner has set up the ledger."""
    with Ledger(url) as ledger:
        ledger.total()
    return url, person(server, url, "ada"), person(server, url, "bob")


def test_s3_each_sees_their_own_rows_and_the_owner_all(people):
    """S3: a student sees own rows and totals only; the ledger's owner sees everybody's."""
    owner, ada, bob = people
    for url, times in ((ada, 1), (bob, 2)):
        with Ledger(url) as ledger:
            for _ in range(times):
                record(ledger, session=f"session of {times}")

    def seen(url):
        with Ledger(url) as ledger:
            return len(ledger.rows()), ledger.total().calls, ledger.total().cost_nano_usd

    assert [seen(url) for url in people] == [(3, 3, 3 * COST), (1, 1, COST), (2, 2, 2 * COST)]
    with Ledger(ada) as ledger:
        assert ledger.total(session="session of 2").calls == 0
    assert query(ada, "SELECT COUNT(*) FROM call") == [(1,)]
    assert query(bob, "SELECT DISTINCT owner FROM total") == [(bob.split("/")[2].partition(":")[0],)]
    with Ledger(owner) as ledger:
        assert summed(owner) == ledger.total()


def test_s3_a_kernel_of_somebody_else_names_no_session(people):
    """S3: who knows another's kernel learns from it neither a session nor what it spent."""
    owner, ada, bob = people
    kernel = "0b1ac2de-1111-4222-8333-44445555cafe"
    with Ledger(ada) as ledger:
        record(ledger, session=f"{kernel}-00000001")

    def told(url):
        with Ledger(url) as ledger:
            return ledger.newest_session(kernel), ledger.spend(f"{kernel}-00000001").session.calls

    assert told(bob) == (None, 0)
    assert told(ada) == told(owner) == (f"{kernel}-00000001", 1)


def test_b1_a_budget_of_the_owner_holds_for_all(people):
    """B1: what one student spent is gone for the other; neither can change the budget, nor see the other's session."""
    owner, ada, bob = people
    with Ledger(owner) as ledger:
        ledger.set_budget(2 * HOLD + COST, session="s1", name="class-7")
        ledger.set_budget(10 * HOLD, session="s1")
    with Ledger(ada) as ledger:
        record(ledger, session="ada")
        ledger.hold(intent(session="ada"))
    with Ledger(bob) as ledger:
        ledger.hold(intent(session="bob"))
        with pytest.raises(BudgetError, match="class-7"):
            ledger.hold(intent(session="bob"))
        shared, own = ledger.standings("bob")
        assert (shared.spent, shared.held, own.spent, own.held) == (COST, 2 * HOLD, 0, HOLD)
        with pytest.raises(ArgumentError, match="no budget class-7"):
            ledger.remove_budget("class-7", session="bob")
    assert query(bob, "SELECT span FROM gauge WHERE span = 'ada'") == []
    assert query(bob, "UPDATE budget SET cap = 1 RETURNING cap") == []
    assert query(bob, "DELETE FROM gauge RETURNING id") != query(owner, "SELECT id FROM gauge WHERE span = ''")
    assert query(owner, "SELECT cap FROM budget ORDER BY id") == [(2 * HOLD + COST,), (10 * HOLD,)]


def test_a_student_may_limit_themselves(people):
    """A student's own budget counts their calls and nobody else's, not even the owner's."""
    owner, ada, bob = people
    with Ledger(ada) as ledger:
        ledger.set_budget(HOLD, session="s1", name="mine")
        ledger.hold(intent())
        with pytest.raises(BudgetError, match="mine"):
            ledger.hold(intent())
    for url in (bob, owner):
        with Ledger(url) as ledger:
            record(ledger)
            assert ledger.standings("s1") == ()


def test_who_is_not_let_in_is_told_what_to_ask_for(server, people):
    """A role that the owner did not admit reads what the owner has to run."""
    eve = person(server, people[0], "eve", admitted=False)

    with pytest.raises(LedgerError, match=r"has no access to it.*SELECT o1magic\.admit\('eve_\d+'\)"):
        Ledger(eve).total()


def test_only_the_owner_admits(people):
    """A student cannot let others in."""
    import psycopg

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(people[1], "SELECT o1magic.admit('postgres')")


def test_the_password_is_never_shown(server, url, tmp_path, caplog):
    """A password is in no error, note, name or log, whatever goes wrong."""
    wrong = url.replace(PASSWORD, "wr0ng-s3cret")
    nowhere = url.replace(f":{server.port}/", ":1/") + "?password=als0-s3cret"
    texts = [Ledger(url).name, repr(Ledger(url)), str(Ledger(url).path), repr(vars(Ledger(url)))]
    for bad in (wrong, nowhere):
        with Ledger(bad, temp=tmp_path) as ledger:
            with pytest.raises(LedgerError, match="cannot be used") as failed:
                ledger.hold(intent())
            texts += [str(failed.value), *failed.value._render_traceback_(), *ledger.notes(), repr(failed.value.data)]
    texts += [str(vars(entry)) for entry in caplog.records]

    assert [text for text in texts if "s3cret" in text] == []
    assert "password authentication failed" in " ".join(texts)


def test_a_missing_package_is_named(url, monkeypatch):
    """Without psycopg the extra to install is named."""
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(LedgerError, match=r"psycopg is not installed.*pip install 'o1magic\[postgres\]'"):
        Ledger(url).total()


def test_d5_newer_schema_is_read_only(url):
    """D5: a database that a newer o1magic made is read, never written."""
    with Ledger(url) as ledger:
        record(ledger)
    query(url, "UPDATE version SET number = 99")
    with Ledger(url) as ledger:
        assert ledger.total().calls == 1
        with pytest.raises(LedgerError, match=r"newer o1magic made it \(schema 99"):
            ledger.hold(intent())


def test_d6_older_schema_is_migrated_by_its_owner(people, monkeypatch):
    """D6: the owner brings the schema up to date in one transaction; until then others read, and are told who does."""
    owner, ada, _ = people
    with Ledger(ada) as ledger:
        record(ledger)

    def fails(execute):
        execute("ALTER TABLE call ADD COLUMN note TEXT")
        execute("ALTER TABLE absent ADD COLUMN note TEXT")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, fails))
        with Ledger(ada) as ledger:
            assert ledger.total().calls == 1
            with pytest.raises(LedgerError, match="Its owner brings it up to date"):
                ledger.hold(intent())
        with pytest.raises(LedgerError, match="absent"):
            Ledger(owner).total()
    with Ledger(owner) as ledger:
        assert ledger.total().calls == 1
    assert "note" not in [name for (name,) in query(owner, "SELECT column_name FROM information_schema.columns")]


def test_a_server_that_goes_away_and_comes_back(tmp_path, monkeypatch):
    """While the server is away a paid call waits in a file; when it is back the ledger goes on, and reads it in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    server = Server()
    try:
        held = intent()
        with Ledger(server.database(), temp=tmp_path) as ledger:
            ledger.hold(held)
            server.stop()
            assert ledger.settle(held.id, SETTLED)
            assert "wait in" in "".join(ledger.notes())
            with pytest.raises(LedgerError, match="cannot be used"):
                ledger.hold(intent())

            server.start()
            record(ledger)
            total = ledger.total()
            assert (total.calls, total.cost_nano_usd, total.held_nano_usd) == (
                2,
                2 * COST,
                0,
            )
            server.stop()
            server.start()
            record(ledger)  # the line was dropped between two calls: nobody needs to know
            assert ledger.notes() == ()
    finally:
        server.remove()


def test_budgets_of_many_are_locked_in_one_order(people):
    """Thirty threads of two people under three shared budgets: no deadlock, no lost call, nothing held at the end."""
    owner, ada, bob = people
    with Ledger(owner) as ledger:
        for name in ("one", "two", "three"):
            ledger.set_budget(10**12, session="s1", name=name)
    start = threading.Barrier(30)

    def calls(number):
        with Ledger((ada, bob)[number % 2]) as ledger:
            start.wait()
            for _ in range(5):
                record(ledger)

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(calls, range(30)))
    with Ledger(owner) as ledger:
        assert [(one.spent, one.held) for one in ledger.standings("s1")] == [(150 * COST, 0)] * 3
        assert summed(owner) == ledger.total()


def test_settling_twice_at_once_counts_once(url):
    """Two processes that settle the same call at the same moment count it once."""
    with Ledger(url) as ledger:
        ledger.set_budget(10**12, session="s1", per="total")
        for _ in range(10):
            held = intent()
            ledger.hold(held)
            start = threading.Barrier(4)

            def settle(_, held=held, start=start):
                with Ledger(url) as other:
                    other.total()
                    start.wait()
                    return other.settle(held.id, SETTLED)

            with ThreadPoolExecutor(4) as pool:
                assert sorted(pool.map(settle, range(4))) == [False, False, False, True]
        assert [(one.spent, one.held) for one in ledger.standings("s1")] == [(10 * COST, 0)]


def test_k6_a_student_who_is_killed_holds_on(people):
    """K6: what a killed process held stays held in the class's budget, and its row is unaccounted to its owner."""
    owner, ada, _ = people
    with Ledger(owner) as ledger:
        ledger.set_budget(10**12, session="s1", name="class-7")
    worker = work("call", ada)
    worker.stdout.readline()
    worker.kill()
    finish(worker)

    with Ledger(ada) as ledger:
        assert ledger.unaccounted().calls == 1
    with Ledger(owner) as ledger:
        assert [one.held for one in ledger.standings()] == [7_000_000]


def test_the_variable_names_the_server(url, tmp_path):
    """O1MAGIC_LEDGER takes the URL, from the command line too, and prints no password."""
    environment = {**os.environ, "O1MAGIC_LEDGER": url, "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-m", "o1magic.cli", "budget", "2.00", "--name", "class-7"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "class-7 (in all)" in ran.stdout
