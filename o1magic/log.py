"""The package's loggers: silent unless the program that uses it says where they go.

Layer 0. Without a handler Python prints a warning's bare event name to stderr, which in a notebook is the cell.
"""

from __future__ import annotations

import logging

logging.getLogger("o1magic").addHandler(logging.NullHandler())


def named(name: str) -> logging.Logger:
    """Return the logger of a module."""
    return logging.getLogger(name)
