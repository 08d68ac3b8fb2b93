"""CPU of `%load_ext o1magic` against an extension with one empty lazy magic; and no network while it loads.

    python benchmarks/load.py [--runs 21]

Every run is a fresh process, the extensions take turns, and the medians of one sitting are compared: ratios survive
a busy machine, seconds do not. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BAR = 1.5
OURS, EMPTY = "o1magic", "empty_extension"
PEERS = ("jupyter_ai_magics", "cellmage")
PROOF = ["socket.__new__", "socket.connect", "socket.getaddrinfo"]

EMPTY_SOURCE = '''"""An extension with one magic that does nothing, and would import what it needs when it is called."""

from IPython.core.magic import Magics, line_cell_magic, magics_class


@magics_class
class EmptyMagics(Magics):
    @line_cell_magic
    def empty(self, line, cell=None):
        """Do nothing yet."""
        import work_of_the_empty_extension

        return work_of_the_empty_extension.done(line, cell)


def load_ipython_extension(shell):
    shell.register_magics(EmptyMagics)
'''


def environment(folder: Path) -> dict[str, str]:
    """Return an environment that keeps everything the runs write in a folder, and the compiled modules too."""
    (folder / f"{EMPTY}.py").write_text(EMPTY_SOURCE)
    places = {"HOME": folder, "IPYTHONDIR": folder / "ipython", "PYTHONPYCACHEPREFIX": folder / "compiled"}
    path = os.pathsep.join(map(str, (folder, HERE.parent)))
    # Where bytecode may not be kept, compiling o1magic anew in every process would be all that is measured.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {name: str(place) for name, place in places.items()} | {"PYTHONPATH": path}


def around_load(extension: str, env: dict[str, str]) -> float:
    """Return the CPU milliseconds of the `%load_ext` alone."""
    command = [sys.executable, str(HERE / "children" / "load_once.py"), extension]
    return float(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split()[-1])


def whole_process(extension: str, env: dict[str, str]) -> float:
    """Return the CPU milliseconds of an `ipython -c "%load_ext NAME"`, from its start to its end."""
    line = f"%load_ext {extension}" if extension else "pass"
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=nocolor", "-c", line]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, line
    return (used.ru_utime + used.ru_stime) * 1e3


def turns(measure, extensions, runs, env) -> dict[str, list[float]]:
    """Return the measurements of each extension; they take turns, after one run each that only compiles."""
    for extension in extensions:
        measure(extension, env)
    found: dict[str, list[float]] = {extension: [] for extension in extensions}
    for _ in range(runs):
        for extension in extensions:
            found[extension].append(measure(extension, env))
    return found


def table(title: str, found: dict[str, list[float]]) -> float:
    """Print a row for each extension and return the ratio of o1magic's median to the empty one's."""
    empty = statistics.median(found[EMPTY])
    print(f"\n{title}\n{'':24}{'median':>10}{'quartiles':>20}{'ratio':>8}")
    for extension, values in found.items():
        low, middle, high = statistics.quantiles(values, n=4)
        spread = f"{low:.1f}-{high:.1f}"
        print(f"{extension or '(no extension)':24}{middle:>7.2f} ms{spread:>17} ms{middle / empty:>8.2f}")
    return statistics.median(found[OURS]) / empty


def network(env: dict[str, str]) -> bool:
    """Print what o1magic touched of the network while it loaded, and while it warmed up; True for nothing."""
    command = [sys.executable, str(HERE / "children" / "listen.py"), OURS]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    report = json.loads(done.stdout.splitlines()[-1])
    assert set(PROOF) <= set(report["heard"]), f"the audit hook is deaf: it heard only {report['heard']}"
    print("\nnetwork (audit hook on every socket event)")
    for when, said in (("load", "import and %load_ext"), ("warm", "the imports in the background, a second later")):
        print(f"{said:48}{', '.join(report[when]) or 'none'}")
    assert report["imported"], "nothing was imported in the background: there was nothing to hear"
    print(f"load and background together: {report['warm_cpu_s']:.2f} s CPU")
    return not report["load"] and not report["warm"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21, help="processes per extension (15 or more)")
    runs = parser.parse_args().runs
    peers = [peer for peer in PEERS if importlib.util.find_spec(peer)]
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        extensions = [EMPTY, OURS, *peers]
        ratio = table(f"(a) %load_ext itself, {runs} fresh shells each", turns(around_load, extensions, runs, env))
        found = turns(whole_process, ["", *extensions], runs, env)
        whole = table(f"(b) the whole process of ipython -c, {runs} each", found)
        silent = network(env)
    absent = [peer for peer in PEERS if peer not in peers]
    print(f"\npeers absent: {', '.join(absent) or 'none'}")
    met = ratio <= BAR and silent
    print(f"bar on (a): {ratio:.2f} of at most {BAR}; (b): {whole:.2f}; network: {'none' if silent else 'TOUCHED'}")
    print("met" if met else "MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
