"""Files that are broken, lie or burst, from seeds; and the child that reads them under a limit.

Run by itself with a folder it reads every file in it and prints a line of JSON for each: its name,
the processor seconds it took, and how it ended ("read", or the error's class with its words).
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from smartscope.analysis.io.gain import read_gain
from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.mdoc import read_mdoc
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.storage.tile_archive import open_tiles
from tests.analysis.io.event_lists import write_eer

#: beside what the libraries take
MEMORY_BYTES = 300 * 1024**2
MUTANTS = 40
SIDE_PX = 64
MDOC = "PixelSpacing = 1.2\n\n[FrameSet = 0]\nTiltAngle = 0.0\nNumSubFrames = 3\n"


def write_all(folder: Path, seed: int) -> int:
    """How many files were written: cut, mutated, lying and bursting ones of every kind."""
    folder.mkdir()
    written = 0
    for name, raw in (*_mutants(folder / "sound", seed), *_liars(), *_bombs()):
        (folder / f"{written:03d}.{name}").write_bytes(raw)
        written += 1
    return written


def _sound(folder: Path) -> dict[str, bytes]:
    """A sound file of each kind that is read."""
    folder.mkdir()
    chance = np.random.default_rng(1)
    frames = chance.integers(0, 9, (3, SIDE_PX, SIDE_PX)).astype(np.uint8)
    save_tiff_stack(folder / "movie.tif", frames, lzw=True, pixel_size_angstrom=1.0)
    save_tiff_stack(folder / "image.tif", frames[:1], lzw=False, pixel_size_angstrom=1.0)
    save_mrc(folder / "movie.mrc", frames.astype(np.int16), pixel_size_angstrom=1.0)
    save_mrc(folder / "image.mrc", frames[0].astype(np.float32), pixel_size_angstrom=1.0)
    save_mrc(folder / "gain.mrc", frames[0].astype(np.float32) + 1, pixel_size_angstrom=1.0)
    write_eer(folder / "movie.eer", [frame > 7 for frame in frames])
    (folder / "movie.tif.mdoc").write_text(MDOC, encoding="utf-8")
    (folder / "picture.png").write_bytes(_picture(frames[0], "PNG"))
    (folder / "picture.jpg").write_bytes(_picture(frames[0], "JPEG"))
    (folder / "tiles.zip").write_bytes(_tiles({"0,0,64,64/64,64": b"jpeg"}))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _picture(pixels: np.ndarray, kind: str) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def _tiles(tiles: dict[str, bytes], **how: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **how) as archive:  # type: ignore[call-overload]
        archive.writestr("info.json", json.dumps({"width": 64, "height": 64}))
        for name, data in tiles.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _mutants(folder: Path, seed: int) -> Iterator[tuple[str, bytes]]:
    """Of each sound file: some bytes changed, a stretch overwritten, its end cut off."""
    chance = np.random.default_rng(seed)
    for name, sound in _sound(folder).items():
        for number in range(MUTANTS):
            raw = bytearray(sound)
            if number % 3 == 0:
                del raw[int(chance.integers(0, len(raw))) :]
            elif number % 3 == 1:
                for place in chance.integers(0, len(raw), 4):
                    raw[place] = chance.integers(0, 256)
            else:
                # heads say how large everything is
                begin = int(chance.integers(0, min(len(raw), 256)))
                raw[begin : begin + 4] = bytes(chance.choice([0, 127, 255], 4).tolist())
            yield name, bytes(raw)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _liars() -> Iterator[tuple[str, bytes]]:
    """Named for what they are not."""
    png = _picture(np.zeros((8, 8), np.uint8), "PNG")
    for name in ("image.mrc", "image.tif", "movie.tif", "movie.eer", "gain.gain", "movie.mrc"):
        yield name, png
        yield name, b""
        yield name, b"\x00" * 2048
        yield name, gzip.compress(b"\x00" * 4096)
    for name in ("picture.png", "picture.jpg", "tiles.zip"):
        yield name, b"II*\x00" + b"\xff" * 64
        yield name, b"<svg onload='alert(1)'/>"
        yield name, b""
    yield "movie.tif.mdoc", b"\xff\xfe" * 5_000
    yield "movie.tif.mdoc", b"[" * 100_000
    yield "movie.tif.mdoc", b"PixelSpacing = " + b"9" * 100_000


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that would be large: 196 million pixels, texts and tiles that swell."""
    yield "picture.png", _png(14_000, 14_000, b"\x00" * 14_001 * 14_000)
    yield "picture.png", _png(9_000, 9_000, b"\x00" * 9_001 * 9_000)
    yield "picture.png", _png(60_000, 60_000, b"\x00" * 10_000)
    yield "picture.png", _png(8, 8, b"\x00" * 72, text=b"\x00" * 50_000_000)
    yield "movie.tif", _tiff_that_bursts(14_000)
    yield "image.tif", _tiff_that_bursts(30_000)
    swollen = {"0,0,64,64/64,64": b"\x00" * 400_000_000}
    yield "tiles.zip", _tiles(swollen, compression=zipfile.ZIP_DEFLATED)


def _png(width: int, height: int, pixels: bytes, *, text: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", head)]
    if text:
        parts.append(chunk(b"zTXt", b"note\x00\x00" + zlib.compress(text, 9)))
    parts += [chunk(b"IDAT", zlib.compress(pixels, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _tiff_that_bursts(side_px: int) -> bytes:
    """One strip of zeros, deflated: about a thousandth of what it holds."""
    deflate = zlib.compressobj(9)
    row = b"\x00" * side_px
    strip = b"".join(deflate.compress(row) for _ in range(side_px)) + deflate.flush()
    entries = (
        (256, 4, side_px), (257, 4, side_px), (258, 3, 8), (259, 3, 8), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, side_px), (279, 4, len(strip)),
    )  # fmt: skip
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value)
    return b"II*\x00" + struct.pack("<I", 8 + len(strip)) + strip + directory + b"\x00" * 4


def _read_movie(path: Path) -> None:
    with open_movie(path) as movie:
        for index in range(movie.frames):
            movie.read(index)


def _read_tiles(path: Path) -> None:
    with path.open("rb") as stream, open_tiles(stream) as tiles:
        tiles.info("https://example.org/1")
        tiles.tile("full", "max")


def _read_gain(path: Path) -> None:
    read_gain(path, shape=(SIDE_PX, SIDE_PX))


#: as workers and the web read each kind
READERS: dict[str, Callable[[Path], object]] = {
    "movie.tif": _read_movie,
    "movie.mrc": _read_movie,
    "movie.eer": _read_movie,
    "image.tif": read_image,
    "image.mrc": read_image,
    "picture.png": read_image,
    "picture.jpg": read_image,
    "gain.mrc": _read_gain,
    "gain.gain": _read_gain,
    "movie.tif.mdoc": read_mdoc,
    "tiles.zip": _read_tiles,
}


def main(folder: Path) -> None:
    """Read them all, as the module says."""
    _limit_memory()
    for path in sorted(folder.iterdir()):
        reader = READERS[path.name.partition(".")[2]]
        began_s, ended = time.process_time(), "read"
        try:
            reader(path)
        except Exception as error:  # noqa: BLE001 (whoever runs this judges the class)
            ended = f"{type(error).__name__}: {error}"
        took_s = time.process_time() - began_s
        print(json.dumps({"name": path.name, "seconds": took_s, "ended": ended}), flush=True)


def _limit_memory() -> None:
    """The libraries are loaded and have their threads; from here on little more is given."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
