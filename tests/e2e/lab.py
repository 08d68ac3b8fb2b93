"""A real JupyterLab in a headless Chromium: start it, open a notebook, run it, look at what came out.

Everything a test learns here is learnt from the page; nothing leaves 127.0.0.1.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, Page

START_TIMEOUT_S = 40.0
PACKAGE = Path(__file__).parents[2] / "o1magic"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class LabError(RuntimeError):
    """JupyterLab, the page or the notebook did not get where the test needs it."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A running JupyterLab server."""

    url: str
    token: str
    root_dir: Path


@dataclass(slots=True)
class Watch:
    """What a page did that a harmless page does not: dialogs, requests off this machine, new windows, errors."""

    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def chromium_path() -> str | None:
    """Return the Chromium to drive: `O1MAGIC_CHROMIUM`, else Debian's, else None."""
    named = os.environ.get("O1MAGIC_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def lab_server(
    root_dir: Path,
    env: Mapping[str, str] | None = None,
    *,
    app: str = "jupyterlab",
    extension: bool = True,
    lsp: bool = False,
) -> Iterator[Lab]:
    """Start JupyterLab on `root_dir` with its own settings, a random port and token; stop it at the end.

    `env` is added to the environment of the server and so of its kernels. `app` may be "notebook", which is Notebook
    7; `extension` tells whether ours is on, `lsp` whether jupyterlab-lsp is on beside it.
    """
    root_dir = root_dir.resolve()
    state = root_dir / ".jupyter-of-this-test"
    token = secrets.token_hex(16)
    port = _free_port()
    _quiet_settings(state / "config")
    _choose_extensions(state, ours=extension, lsp=lsp)
    command = [
        *(sys.executable, "-m", app, "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root_dir}"),
        *("--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"),
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]
    log_path = state / "server.log"
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            command, cwd=root_dir, env=_environment(state, env), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(server, f"{url}/api?token={token}", log_path)
        yield Lab(url=url, token=token, root_dir=root_dir)
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium; close it at the end. Raises LabError when there is none."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        raise LabError("There is no Chromium here: apt-get install chromium, or set O1MAGIC_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def lab_page(browser: Browser) -> Iterator[tuple[Page, Watch]]:
    """Open a page that may speak to 127.0.0.1 only, and keep a record of what it tried."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    watch = Watch()

    def answer(route: Any) -> None:
        parts = urlsplit(route.request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != "127.0.0.1":
            watch.foreign.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def dismiss(dialog: Any) -> None:
        if dialog.type == "beforeunload":  # a notebook that is not saved asks whether the test may go on
            dialog.accept()
            return
        watch.dialogs.append(dialog.message)
        dialog.dismiss()

    context.route("**/*", answer)
    page.on("dialog", dismiss)
    page.on("popup", lambda popup: watch.windows.append(popup.url))
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    try:
        yield page, watch
    finally:
        context.close()


def evaluate(page: Page, function: str, argument: object = None, *, timeout_s: float = 30.0) -> Any:
    """Return what the JavaScript function returns; LabError after `timeout_s`.

    `page.evaluate` has no time limit of its own: a promise that a dialog holds up would hang the run.
    """
    raced = f"""async argument => {{
        const late = new Promise((_, reject) =>
            setTimeout(() => reject(new Error('no answer in {timeout_s} s')), {timeout_s * 1000}));
        return Promise.race([({function})(argument), late]);
    }}"""
    from playwright.sync_api import Error

    try:
        return page.evaluate(raced, argument)
    except Error as error:
        raise LabError(str(error)) from error


def open_notebook(page: Page, lab: Lab, path: str, *, timeout_s: float = 60.0) -> None:
    """Open the notebook at `path` (relative to the server's root) alone, and wait until its kernel has answered.

    The status icon is no sign of that: it says idle before there is a session at all.
    """
    page.goto(f"{lab.url}/doc/tree/{quote(path)}?token={lab.token}&reset", timeout=timeout_s * 1000)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets", timeout=timeout_s * 1000)
    ready = """async () => {
        const session = window.jupyterapp.shell.currentWidget.context.sessionContext;
        await session.ready;
        await session.session.kernel.info;
    }"""
    evaluate(page, ready, timeout_s=timeout_s)


def write_notebook(root: Path, name: str, sources: Sequence[str]) -> None:
    """Write a notebook of code cells, which have not run."""
    cells = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for i, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (root / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def run_cell(page: Page, index: int, *, wait: bool = True) -> Any:
    """Run a cell of the open notebook; return whether it succeeded or, without waiting for its end, None.

    The page has the moment of the start as `window.__ran`.
    """
    run = """async ([index, wait]) => {
        const notebook = window.jupyterapp.shell.currentWidget.content;
        notebook.deselectAll();
        notebook.activeCellIndex = index;
        window.__ran = performance.now();
        const ran = window.jupyterapp.commands.execute('notebook:run-cell');
        return wait ? await ran : null;
    }"""
    return evaluate(page, run, [index, wait])


def run_all(page: Page, *, timeout_s: float = 60.0) -> list[str]:
    """Run every cell of the open notebook; return the errors of its cells ("Name: message"), [] when all went well.

    Shape: at most one error per code cell, in the order of the cells.
    """
    run = """async () => {
        const app = window.jupyterapp;
        await app.commands.execute('notebook:run-all-cells');
        const errors = [];
        for (const cell of app.shell.currentWidget.content.widgets) {
            if (cell.model.type !== 'code') { continue; }
            const outputs = cell.model.outputs;
            for (let i = 0; i < outputs.length; i++) {
                const output = outputs.get(i).toJSON();
                if (output.output_type === 'error') { errors.push(`${output.ename}: ${output.evalue}`); }
            }
        }
        return errors;
    }"""
    return list(evaluate(page, run, timeout_s=timeout_s))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(state: Path, extra: Mapping[str, str] | None) -> dict[str, str]:
    """Return this process's environment without its Jupyter settings, keys and proxies, plus `extra`."""
    unwanted = ("JUPYTER_", "OPENAI_", "O1MAGIC_", "IPYTHONDIR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {
        **kept,
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "IPYTHONDIR": str(state / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "config" / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "config" / "lab" / "workspaces"),
        "JUPYTER_PLATFORM_DIRS": "1",
        **(extra or {}),
    }


def _quiet_settings(config: Path) -> None:
    """Turn off the news and the question about them, which would cover the notebook."""
    folder = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    (folder / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True})
    )


def _choose_extensions(state: Path, *, ours: bool, lsp: bool) -> None:
    """Have server and page load this tree's extension, whatever an installation left elsewhere, and no other's."""
    folders = [state / "config" / name for name in ("jupyter_server_config.d", "labconfig")]
    for folder in folders:
        folder.mkdir(parents=True)
    on = {"jpserver_extensions": {"o1magic": ours, "jupyter_lsp": lsp}}
    (folders[0] / "zz.json").write_text(json.dumps({"ServerApp": on}))
    adapters = ("jupyterlab-lsp", "notebook-adapter", "fileeditor-adapter")
    off = {"o1magic": not ours, **{f"@jupyter-lsp/{name}": not lsp for name in adapters}}
    (folders[1] / "page_config.json").write_text(json.dumps({"disabledExtensions": off}))
    if ours:
        place = state / "data" / "labextensions" / "o1magic"
        place.parent.mkdir(parents=True)
        place.symlink_to(PACKAGE / "labextension", target_is_directory=True)


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise LabError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")
