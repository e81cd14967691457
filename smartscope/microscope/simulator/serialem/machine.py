"""The disk of the computer that SerialEM runs on: its names for folders, and where they really are.

A name with a drive letter lives below the world's folder; any other absolute name is meant as it
stands, so that a frames folder can be shared with whoever fetches from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_DRIVE = re.compile(r"([A-Za-z]):[\\/]?(.*)", re.DOTALL)


@dataclass(slots=True)
class Machine:
    """`root` is where drives are kept; `directory` the working directory in SerialEM's words."""

    root: Path
    directory: str

    @classmethod
    def at(cls, root: Path) -> Machine:
        """A computer whose working directory is `root` itself."""
        root.mkdir(parents=True, exist_ok=True)
        return cls(root=root, directory=str(root))

    def named(self, name: str) -> str:
        """The whole name of a file or folder that may be given relative to the directory."""
        if _DRIVE.match(name) or name.startswith("/"):
            return name
        return join(self.directory, name)

    def path(self, name: str) -> Path:
        """Where a file or folder really is."""
        whole = self.named(name)
        drive = _DRIVE.fullmatch(whole)
        if drive is None:
            return Path(whole)
        parts = [part for part in re.split(r"[\\/]", drive[2]) if part not in ("", ".", "..")]
        return self.root.joinpath("drives", drive[1].upper(), *parts)


def join(folder: str, name: str) -> str:
    """A name within a folder, with the separator that the folder uses."""
    separator = "\\" if "\\" in folder or _DRIVE.fullmatch(folder) else "/"
    return folder.rstrip("\\/") + separator + name


def split(name: str) -> tuple[str, str]:
    """A whole name's folder and last part."""
    cut = max(name.rfind("/"), name.rfind("\\"))
    return (name[:cut] if cut > 0 else name[: cut + 1], name[cut + 1 :])
