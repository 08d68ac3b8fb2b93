"""Which session of the ledger a process is."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from jupyter_client.manager import KernelManager
from kernels import Kernel

from o1magic import config, session

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the kernel's own channels at shutdown

SAYS = "from o1magic import config, session\nassert session.desk().session == config.session\nprint(config.session)"


class ServersKernel(Kernel):
    """A kernel whose connection file is named as a Jupyter server names it."""

    def __enter__(self):
        self.identity = str(uuid4())
        self.manager = KernelManager(connection_file=str(self.folder / f"kernel-{self.identity}.json"))
        self.manager.start_kernel(env=self.environment, cwd=str(self.folder))
        return self.connected()

    def connected(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self


def test_a_kernels_session_begins_with_its_id_and_a_restart_begins_another(tmp_path):
    """Loading twice does not; eight digits of the process's own follow the id that the server knows."""
    with ServersKernel(tmp_path) as kernel:
        kernel.run("%load_ext o1magic")
        first = kernel.run(SAYS).text().strip()
        kernel.run("%reload_ext o1magic\n%o1 help")
        again = kernel.run(SAYS).text().strip()
        kernel.client.stop_channels()
        kernel.manager.restart_kernel(now=True)
        kernel.connected()
        kernel.run("%load_ext o1magic")
        second = kernel.run(SAYS).text().strip()

    assert re.fullmatch(re.escape(kernel.identity) + "-[0-9a-f]{8}", first)
    assert again == first
    assert second != first
    assert second.startswith(kernel.identity)


def test_elsewhere_a_session_is_a_random_id(tmp_path):
    """A kernel that no server started, and a program, which have no id that anybody else would know."""
    with Kernel(tmp_path) as kernel:
        assert re.fullmatch("[0-9a-f]{32}", kernel.run(f"%load_ext o1magic\n{SAYS}").text().strip())
    assert re.fullmatch("[0-9a-f]{32}", session.desk().session)
    assert config.session == session.desk().session


def test_a_session_that_has_begun_goes_on_when_the_magics_are_loaded(tmp_path):
    """Calls made before `%load_ext` and after it are one session's."""
    with ServersKernel(tmp_path) as kernel:
        before = kernel.run(SAYS).text()

        kernel.run("%load_ext o1magic\n%o1 help")

        assert kernel.run(SAYS).text() == before
