"""A browser for the tests in here; without one they fail in CI and are skipped elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lab import chromium, chromium_path, lab_page


@pytest.fixture(scope="session")
def browser():
    if chromium_path() is None:
        reason = "no Chromium: apt-get install chromium, or set O1MAGIC_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        print(f"skipped: {reason}", file=sys.stderr)  # noqa: T201 - a silent skip looks like a pass
        pytest.skip(reason)
    with chromium() as started:
        yield started


@pytest.fixture
def watched_page(browser):
    """Give `(page, watch)`: an empty page, and what it did that a harmless one does not."""
    with lab_page(browser) as pair:
        yield pair
