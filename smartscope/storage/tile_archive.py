"""Serves the tiles of one image from the archive its analysis wrote; it never parses an image.

The archive is an uncompressed ZIP of `info.json` and JPEG tiles named `x,y,w,h/w,h`: source region
in pixels of the full image, then the tile's own size. That is what IIIF Image API 3.0, compliance
level 0, asks of a server with prepared tiles.
"""

from __future__ import annotations

import json
import zipfile
from typing import Any, BinaryIO

from smartscope.domain.errors import BadFile, NotFound

INFO_NAME = "info.json"
LARGEST_INFO_BYTES = 1024 * 1024
_BROKEN = "A tile archive is broken; ask for the image to be rendered again."
#: what the library raises for an archive that is none, cut short, locked or packed
_TROUBLE = (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError)


class TileArchive:
    """The tiles of one image; close it, or use it as a context manager."""

    def __init__(self, stream: BinaryIO) -> None:
        try:
            self._archive = zipfile.ZipFile(stream)
            self._require_unpacked()
            self._info: dict[str, Any] = json.loads(self._archive.read(INFO_NAME))
            self.width_px = int(self._info["width"])
            self.height_px = int(self._info["height"])
        except (*_TROUBLE, KeyError, TypeError) as error:
            raise BadFile(_BROKEN) from error

    def __enter__(self) -> TileArchive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the archive; the stream belongs to the caller."""
        self._archive.close()

    def info(self, identifier_url: str) -> dict[str, Any]:
        """The image's IIIF `info.json` as seen at `identifier_url` (no trailing slash)."""
        return {**self._info, "id": identifier_url}

    def tile(self, region: str, size: str) -> bytes:
        """JPEG bytes of a tile.

        `region` is `full` or `x,y,w,h`, `size` is `max`, `w,h` or `w,`. Raises `NotFound` for any
        region or size that was not prepared, `BadFile` where the tile is damaged.
        """
        if region == "full":
            region = f"0,0,{self.width_px},{self.height_px}"
        if size == "max":
            size = ",".join(region.split(",")[2:])
        name = f"{region}/{size}"
        if size.endswith(","):
            name = next((n for n in self._archive.namelist() if n.startswith(name)), name)
        try:
            return self._archive.read(name)
        except KeyError:
            raise NotFound(
                f"No tile {name} was prepared; take regions and sizes from info.json."
            ) from None
        except _TROUBLE as error:
            raise BadFile(_BROKEN) from error

    def _require_unpacked(self) -> None:
        """Ours are not compressed: what would swell is not ours. Raises BadFile."""
        entries = self._archive.infolist()
        packed = any(each.compress_type != zipfile.ZIP_STORED for each in entries)
        info = self._archive.getinfo(INFO_NAME)
        if packed or info.file_size > LARGEST_INFO_BYTES:
            raise BadFile(_BROKEN)


def open_tiles(stream: BinaryIO) -> TileArchive:
    """Open the archive in `stream`. Raises `BadFile` when it is not one."""
    return TileArchive(stream)
