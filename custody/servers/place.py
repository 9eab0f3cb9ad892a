"""Where a data folder lies, so that a folder that was moved is told from one that was copied."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder on this machine: its path, and its number on its disk, which a rename leaves and a copy does not."""

    path: str
    device: int
    inode: int

    @classmethod
    def of(cls, folder: Path) -> "FolderPlace":
        """Return where `folder` lies now."""
        found = folder.stat()
        return cls(str(folder), found.st_dev, found.st_ino)

    def is_same_folder(self, now: "FolderPlace") -> bool:
        """Say whether this is the folder that lies at `now`, perhaps renamed since; a copy of it is another folder.

        The number of a disk may be another after a restart of the machine; then the path must be the same.
        """
        return self.inode == now.inode and (self.device == now.device or self.path == now.path)
