"""How files of steps are called, and in which folder the camera writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from smartscope.models.image import ImageKind
from smartscope.storage.keys import object_key, object_name
from smartscope.storage.store import Store

MRC = "mrc"
MOVIE = "tif"
#: of the step's id, from its random end
ID_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNames:
    """Names of one step's files: `SESSION/GRID/KIND/<step>_<item>_e<epoch>.EXT`.

    `<step>` is the step's number in its run and the end of its id: a camera keeps the movies of all
    sessions, and of all installations that ever used it, in one folder.
    """

    session: str
    grid: str
    step: UUID
    step_number: int
    epoch: int

    def stem(self, item: str) -> str:
        """The name without extension, which is also the camera's name of the exposure."""
        return self._name(item, MRC).removesuffix(f".{MRC}")

    def item(self, stem: str) -> str:
        """The item that a stem stands for."""
        return stem.removeprefix(f"{self._step}_").removesuffix(f"_e{self.epoch}")

    def key(self, item: str, kind: ImageKind) -> str:
        """The storage key of the item's file."""
        extension = MOVIE if kind is ImageKind.MOVIE else MRC
        return object_key(self.session, self.grid, str(kind), self._name(item, extension))

    @property
    def _step(self) -> str:
        return f"{self.step_number:05d}-{self.step.hex[-ID_DIGITS:]}"

    def _name(self, item: str, extension: str) -> str:
        return object_name(step=self._step, item=item, epoch=self.epoch, extension=extension)


def camera_folder(store: Store, spool: Path, key: str) -> Path:
    """The local folder of a key: the storage's own where it is a directory of this machine.

    A movie written there is in its final place, so a crash leaves the file to adopt.
    """
    parts = urlsplit(store.root_url)
    root = Path(unquote(parts.path)) if parts.scheme == "file" else spool
    return (root / key).parent


def is_local(store: Store) -> bool:
    """Whether the camera writes into the storage itself."""
    return urlsplit(store.root_url).scheme == "file"
