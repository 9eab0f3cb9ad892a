"""Writing a file that others read at any moment."""

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Replace `file` with `text` in one step, readable by its owner alone: a reader sees the old or the new."""
    descriptor, beside = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
