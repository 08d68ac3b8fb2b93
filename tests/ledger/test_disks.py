"""The SQLite file: locks, full and read-only disks, damage, migrations, a file that goes away."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger_kit import (
    COST,
    HOLD,
    SETTLED,
    finish,
    intent,
    query,
    record,
    summed,
    work,
)

from o1magic.errors import LedgerError
from o1magic.ledger import (
    Ledger,
    Total,
    Unaccounted,
    migrations,
    place,
    setup,
)
from o1magic.ledger import spool as ledger_spool


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path, tmp_path):
    with Ledger(path, temp=tmp_path / "temp") as opened:
        (tmp_path / "temp").mkdir()
        yield opened


@pytest.fixture
def plain_user():
    """Lend a folder of an ordinary user, who this process is meanwhile: root may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and os.geteuid() == 0
    if (
        not mounted
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], check=False).returncode
    ):
        pytest.skip("only root may mount a small disk; test_d1_starved runs everywhere")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk):
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return filler


def test_k10_many_openers_of_a_new_file(tmp_path):
    """K10: openers of a file that does not exist yet, all at the same moment, make one ledger and lose no row."""
    for turn in range(10):
        path, barrier = tmp_path / f"{turn}.sqlite3", threading.Barrier(8)

        def first_call(path=path, barrier=barrier):
            with Ledger(path) as ledger:
                barrier.wait()
                record(ledger)
                return ledger.notes()

        with ThreadPoolExecutor(8) as pool:
            notes = [future.result() for future in [pool.submit(first_call) for _ in range(8)]]
        assert notes == [()] * 8
        with Ledger(path) as ledger:
            assert ledger.total().calls == 8


def test_k10_opening_waits_for_a_file_in_the_making(path):
    """K10: while another kernel makes the file, under a lock SQLite does not wait for, opening waits."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    timer.start()
    with Ledger(path) as ledger:
        record(ledger)
        assert ledger.notes() == ()
    timer.join()
    other.close()
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_locked_by_another_program_is_said(path, monkeypatch):
    """A ledger that another program keeps locked says so, after the wait; reading goes on."""
    monkeypatch.setattr(place, "BUSY_S", 0.1)
    with Ledger(path) as ledger:
        record(ledger)
    ledger = Ledger(path)
    ledger._store.busy_s = 0.1
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerError, match="another program kept it locked"):
            ledger.hold(intent())
        assert ledger.total().calls == 1
    finally:
        other.close()
        ledger.close()


def test_d1_starved(path):
    """D1: when files can no longer grow the paid call waits in a spool, and the next one is refused unsent."""
    code, lines = finish(work("starve", path))

    assert code == 0
    settled, notes, refused = lines
    assert settled == "settled True"
    assert "ledger-spool.jsonl and will be read in" in notes
    assert refused.startswith(f"refused The ledger {path} cannot be used: ")
    with Ledger(path) as ledger:
        assert Total(1, 10, 0, 20, 10, 2_000_000, completion_tokens=30) == ledger.total()
        assert Unaccounted() == ledger.unaccounted()


def test_d1_full_disk(small_disk, tmp_path):
    """D1: on a full disk the spool goes to the temp folder, and is read in exactly once when there is room again."""
    held, temp = intent(), tmp_path / "temp"
    temp.mkdir()
    with Ledger(small_disk / "ledger.sqlite3", temp=temp) as ledger:
        ledger.hold(held)
        filler = fill(small_disk)

        with pytest.raises(LedgerError, match="the disk is full"):  # noqa: PT012 - the log may have room
            for _ in range(100):
                ledger.hold(intent())
        calls = ledger.total().calls
        assert ledger.settle(held.id, SETTLED)
        assert not ledger.settle(held.id, SETTLED)
        (note,) = ledger.notes()
        assert f"wait in {temp}" in note
        assert ledger.total().cost_nano_usd == 0

        filler.unlink()
        assert (calls, COST) == (ledger.total().calls, ledger.total().cost_nano_usd)
        assert not ledger.settle(held.id, SETTLED)
    with Ledger(small_disk / "ledger.sqlite3", temp=temp) as ledger:
        assert (calls, COST) == (ledger.total().calls, ledger.total().cost_nano_usd)


def test_d1_spool_is_read_in_once(path, tmp_path):
    """D1: what waits is settled at the next opening, once, however often the spool is found again."""
    held = intent()
    with Ledger(path, temp=tmp_path) as ledger:
        ledger.hold(held)
    spool, _ = ledger_spool.places(path, tmp_path)
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1, None, None))
    copy = spool.read_bytes()
    for _ in range(2):
        with Ledger(path, temp=tmp_path) as ledger:
            assert (ledger.total().calls, ledger.total().cost_nano_usd) == (1, COST)
        assert spool.read_bytes() == b""
        spool.write_bytes(copy)  # as if killed between the commit and the emptying


def test_d1_spool_goes_to_a_new_ledger_whole(path, tmp_path):
    """D1: a spooled call whose ledger was lost meanwhile becomes a whole row in the new one."""
    held = intent(notebook="lost.ipynb")
    spool, _ = ledger_spool.places(path, tmp_path)
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1_790_000_001_000, held, 1_790_000_000_000))

    with Ledger(path, temp=tmp_path) as ledger:
        (row,) = ledger.rows()
    assert (row.notebook, row.cost_nano_usd, row.created.timestamp()) == ("lost.ipynb", COST, 1_790_000_000)


def test_unreadable_spool_lines_are_kept_aside(path, tmp_path):
    """A spool line that cannot be read is set aside, and stops neither the ledger nor the lines around it."""
    held = intent()
    with Ledger(path, temp=tmp_path) as ledger:
        ledger.hold(held)
    spool, _ = ledger_spool.places(path, tmp_path)
    spool.write_bytes(b'{"half\n[1]\n')
    ledger_spool.append(spool, ledger_spool.Spooled(held.id, SETTLED, 1, None, None))

    with Ledger(path, temp=tmp_path) as ledger:
        assert ledger.total().cost_nano_usd == COST
    assert spool.with_name(f"{spool.name}.unreadable").read_bytes() == b'{"half\n[1]\n'


def test_d1_half_a_line_is_taken_back(path, tmp_path, monkeypatch):
    """D1: where a line cannot be brought to the disk whole, the spool is as it was before."""
    spool, _ = ledger_spool.places(path, tmp_path)
    spooled = ledger_spool.Spooled("call", SETTLED, 1, None, None)
    ledger_spool.append(spool, spooled)
    before = spool.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger_spool.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ledger_spool.append(spool, spooled)
    assert spool.read_bytes() == before


def test_no_spool_either_is_an_error(path, tmp_path):
    """Where neither ledger nor spool can be written the error says what is lost; the hold stays."""
    held = intent()
    with Ledger(path, temp=tmp_path / "missing") as ledger:
        ledger.hold(held)
        ledger_spool.places(path, tmp_path)[0].mkdir()
        query(path, "PRAGMA user_version = 99")
        ledger.close()
        with pytest.raises(LedgerError, match="tokens and cost are not recorded") as caught:
            ledger.settle(held.id, SETTLED)
        assert caught.value.billed == "maybe"
        assert ledger.total().held_nano_usd == HOLD


def test_d2_folder_is_made_for_the_user_alone(tmp_path):
    """The folder is made with mode 0700, the file and what lies beside it with 0600."""
    path = tmp_path / "data" / "o1magic" / "ledger.sqlite3"
    with Ledger(path) as ledger:
        record(ledger)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert (0o700, {0o600}) == (stat.S_IMODE(path.parent.stat().st_mode), modes)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("folder", "it is a folder"),
        ("file/ledger.sqlite3", "is not a folder"),
        ("file/deeper/ledger.sqlite3", "not a directory"),
    ],
)
def test_d2_wrong_place_is_named(tmp_path, location, reason):
    """D2: a path that cannot be a ledger is named, with the reason and the variable to set."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(LedgerError, match=reason) as caught:
        Ledger(tmp_path / location).hold(intent())
    assert str(tmp_path / location) in str(caught.value)
    assert "Set O1MAGIC_LEDGER" in str(caught.value)


def test_d2_folder_that_cannot_be_made():
    """D2: where no folder can be made the error names the one that failed."""
    with pytest.raises(LedgerError, match=r"/proc/nowhere/ledger\.sqlite3 cannot be used: .*: /proc/nowhere\."):
        Ledger("/proc/nowhere/ledger.sqlite3").total()


def test_d2_read_only_folder(plain_user):
    """D2: in a read-only folder nothing is created; the error names the path and the reason."""
    plain_user.chmod(0o500)

    with pytest.raises(LedgerError, match="permission denied"):
        Ledger(plain_user / "ledger.sqlite3").hold(intent())


@pytest.mark.parametrize(("mode_of_folder", "mode_of_file"), [(0o700, 0o400), (0o500, 0o600)])
def test_d2_read_only_ledger_is_read(plain_user, mode_of_folder, mode_of_file):
    """D2: a ledger that cannot be written is read; holding is refused, and a paid call waits in the temp folder."""
    path, temp = plain_user / "data" / "ledger.sqlite3", plain_user / "temp"
    temp.mkdir()
    held = intent()
    with Ledger(path, temp=temp) as ledger:
        ledger.hold(held)
    path.chmod(mode_of_file)
    path.parent.chmod(mode_of_folder)
    with Ledger(path, temp=temp) as ledger:
        ledger._held[held.id] = (held, 0)

        assert ledger.total().held_nano_usd == HOLD
        with pytest.raises(LedgerError, match=r"cannot be written: the (file|folder .*) is read-only.*O1MAGIC_LEDGER"):
            ledger.hold(intent())
        assert ledger.settle(held.id, SETTLED)
        assert ledger.notes()
    path.parent.chmod(0o700)
    path.chmod(0o600)
    with Ledger(path, temp=temp) as ledger:
        assert (ledger.total().cost_nano_usd, ledger.total().held_nano_usd) == (COST, 0)


def test_d3_rollback_journal_where_wal_is_refused(path, monkeypatch):
    """D3: a file system without what the write-ahead log takes gets a rollback journal and a note, once."""
    connect = setup.connect
    monkeypatch.setattr(setup, "connect", lambda uri, busy_s: connect(f"{uri}&vfs=unix-dotfile", busy_s))
    with Ledger(path) as ledger:
        record(ledger)
        (note,) = ledger.notes()
        ledger.close()

        assert ledger.total().cost_nano_usd == COST
        assert ledger.notes() == ()
    assert "refuses SQLite's write-ahead log" in note
    assert query(path, "PRAGMA journal_mode") == [("delete",)]


def test_wal_and_full_sync_are_in_force(ledger, path):
    """An acknowledged row survives a power cut: write-ahead log, synchronous FULL."""
    ledger.total()

    assert ledger._store.read("PRAGMA synchronous") == [(2,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_d4_damaged_ledger_is_noticed_and_left(path, tmp_path):
    """D4: a damaged page is noticed on opening, though inserts still work; the file is neither moved nor changed."""
    with Ledger(path) as ledger:
        for _ in range(60):
            record(ledger)
    ((root, page),) = query(path, "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = 'call'")
    damaged = bytearray(path.read_bytes())
    start = (root - 1) * page
    cell = int.from_bytes(damaged[start + 12 : start + 14], "big")
    oldest = int.from_bytes(damaged[start + cell : start + cell + 4], "big")
    damaged[(oldest - 1) * page : (oldest - 1) * page + 400] = b"\xa5" * 400
    path.write_bytes(damaged)

    with pytest.raises(LedgerError, match=r"it is damaged.*O1MAGIC_LEDGER.*\.recover"):
        Ledger(path, temp=tmp_path).hold(intent())
    assert path.read_bytes() == bytes(damaged)
    query(
        path,
        "INSERT INTO call (id, state, created_ms, day, session, endpoint, model, host, pid, lease_ms)"
        " VALUES ('x', 'intent', 0, '', '', '', '', '', 0, 0)",
    )


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"a few words"])
def test_d2_not_a_database(path, content):
    """D2: a file that is no database is left as it is and named."""
    path.write_bytes(content)

    with pytest.raises(LedgerError, match=r"ledger\.sqlite3 cannot be used: it is not a ledger.*O1MAGIC_LEDGER"):
        Ledger(path).hold(intent())
    assert content == path.read_bytes()


def test_database_of_another_program_is_left(path):
    """A database that is not ours gets no tables of ours."""
    query(path, "CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(LedgerError, match="database of another program"):
        Ledger(path).hold(intent())
    assert query(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_d5_newer_schema_is_read_only(path, tmp_path):
    """D5: a ledger of a newer o1magic is read, never written; holding says to upgrade."""
    held = intent()
    with Ledger(path) as ledger:
        ledger.hold(held)
        record(ledger)
    query(path, "PRAGMA user_version = 99")
    with Ledger(path, temp=tmp_path) as ledger:
        assert ledger.total().cost_nano_usd == COST
        with pytest.raises(LedgerError, match=r"newer o1magic made it \(schema 99.*Upgrade o1magic"):
            ledger.hold(intent())
        assert ledger.settle(held.id, SETTLED)

        assert ledger.total().calls == 2
        assert [held.id] == [row.id for row in ledger.rows() if row.state == "intent"]


def test_d6_older_schema_is_backed_up_and_migrated(path, monkeypatch):
    """D6: a migration runs in one transaction after a backup copy, and keeps every row."""
    with Ledger(path) as ledger:
        record(ledger)
    step = lambda execute: execute("ALTER TABLE call ADD COLUMN note TEXT")  # noqa: E731 - reads like a step
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, step))
    with Ledger(path) as ledger:
        record(ledger)
        assert ledger.total().calls == 2
        (note,) = ledger.notes()

    (backup,) = path.parent.glob("*.bak")
    assert note.endswith(f"{backup}.")
    assert (
        query(backup, "PRAGMA user_version"),
        query(backup, "SELECT COUNT(*) FROM call"),
    ) == ([(len(migrations.STEPS) - 1,)], [(1,)])
    assert query(path, "PRAGMA user_version") == [(len(migrations.STEPS),)]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_d6_failed_migration_changes_nothing(path, monkeypatch):
    """D6: a migration that fails half-way leaves schema and rows as they were."""
    with Ledger(path) as ledger:
        record(ledger)

    def fails(execute):
        execute("ALTER TABLE call ADD COLUMN note TEXT")
        execute("ALTER TABLE absent ADD COLUMN note TEXT")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, fails))
        with pytest.raises(LedgerError, match="no such table: absent"):
            Ledger(path).hold(intent())
    with Ledger(path) as ledger:
        assert ledger.total().calls == 1
    assert query(path, "SELECT name FROM pragma_table_info('call') WHERE name = 'note'") == []


def test_d7_deleted_file_is_noticed(ledger, path):
    """D7: when the file is deleted under a live connection the call is recorded whole in a new one, and it is said."""
    record(ledger)
    held = intent()
    ledger.hold(held)
    path.unlink()

    assert ledger.settle(held.id, SETTLED)
    record(ledger)
    assert "was deleted or replaced while in use" in ledger.notes()[0]
    assert (summed(path).calls, summed(path).cost_nano_usd) == (2, 2 * COST)
    assert summed(path) == ledger.total()


def test_d7_replaced_file_is_noticed(ledger, path, tmp_path):
    """D7: when another ledger takes the file's name the next rows go there, and both files stay whole."""
    with Ledger(tmp_path / "other.sqlite3") as other:
        record(other)
    kept = tmp_path / "kept.sqlite3"
    for _ in range(3):
        record(ledger)
    kept.hardlink_to(path)
    (tmp_path / "other.sqlite3").replace(path)

    record(ledger)
    assert ledger.total().calls == 2
    ledger.close()
    assert (
        query(path, "PRAGMA integrity_check"),
        query(kept, "PRAGMA integrity_check"),
    ) == ([("ok",)], [("ok",)])
    assert query(kept, "SELECT COUNT(*) FROM call") == [(3,)]


def test_notes_are_logged(path, caplog):
    """What notes() hands out once is logged as well, without prompt or key."""
    with Ledger(path) as ledger, caplog.at_level(logging.WARNING):
        record(ledger)
        path.unlink()
        record(ledger)
        assert len(ledger.notes()) == 1
        assert ledger.notes() == ()
    assert [entry.message for entry in caplog.records] == ["ledger_note"]
