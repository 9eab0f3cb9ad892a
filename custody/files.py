"""Files that a verb reads or writes: what keeps one from being read, and writing one that others read at any moment."""

import os
import tempfile
from pathlib import Path

from ledger.choices import nearest


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


def why_not_readable(file: Path, failure: Exception) -> str:
    """Say why a file could not be opened, and which one may have been meant."""
    match failure:
        case FileNotFoundError():
            folder = file.parent
            if not folder.is_dir():
                return f"there is no folder {folder}"
            near = nearest(file.name, sorted(one.name for one in folder.iterdir())[:1000])
            return "there is no such file" + (f" (did you mean {folder / near[0]}?)" if near else "")
        case IsADirectoryError():
            return "it is a folder; name a file in it"
        case PermissionError():
            return "this user may not read it; have its owner allow it"
        case ValueError():
            return "no file can have that name"
        case _:
            return f"the system says {getattr(failure, 'strerror', None) or type(failure).__name__}"
