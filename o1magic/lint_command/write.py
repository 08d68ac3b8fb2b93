"""Writing a fixed file in one step: whoever reads it meanwhile sees the old bytes or the new ones."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from o1magic.errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Put the new bytes where the old ones are, keeping mode and symbolic links.

    Raises ArgumentError: not a plain file, write-protected, or changed since it was read. Raises OSError: no space...
    """
    target = path.resolve()
    mode = target.stat().st_mode
    if not stat.S_ISREG(mode):
        raise ArgumentError(f"{path} is not a plain file; its fixes were not written.")
    if not mode & 0o222 or not os.access(target, os.W_OK):
        raise ArgumentError(f"{path} is write-protected; its fixes were not written.")
    fresh = target.with_name(f".o1magic-{os.getpid()}.tmp")
    try:
        with fresh.open("xb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(stat.S_IMODE(mode))
        if target.read_bytes() != before:
            raise ArgumentError(f"{path} was changed by somebody else meanwhile; its fixes were not written.")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
