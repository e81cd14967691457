"""From what the instrument returned to files that are whole, in place, and described.

Beside an image of ours lies `<name>.mrc.json` with how it was taken, written first: where the
image has its name, a recovery finds everything it must know to adopt it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from smartscope.analysis.io.mrc import write_mrc, write_mrc_image
from smartscope.domain.errors import BadFile
from smartscope.domain.geometry import Affine
from smartscope.microscope.procedures.happenings import Produced
from smartscope.microscope.values import AcquiredImage, AcquiredMontage, RecordedFile
from smartscope.models.image import ImageKind
from smartscope.operations.journal_values import NewImage
from smartscope.storage.store import Store, Writer
from workers.bridge.names import is_local

FACTS = ".json"


def keep(store: Store, produced: Produced, key: str, kind: ImageKind) -> NewImage:
    """Write or register the one file of an item. Raises StorageFull, BadFile or NotFound."""
    if produced.image is not None:
        return keep_image(store, produced.image, key, kind)
    if produced.montage is not None:
        return keep_montage(store, produced.montage, key, kind)
    if len(produced.files) == 1:
        return keep_movie(store, produced.files[0], key)
    raise BadFile(f"Item {produced.item} came with {len(produced.files)} files; one was due.")


def keep_image(store: Store, image: AcquiredImage, key: str, kind: ImageKind) -> NewImage:
    """One image as MRC."""
    height, width = image.pixels.shape
    facts = _facts(image) | {
        "width_px": width,
        "height_px": height,
        "pixel_to_stage": image.pixel_to_stage.as_list(),
    }
    write = partial(
        write_mrc_image, image=image.pixels, pixel_size_angstrom=image.pixel_size_angstrom
    )
    return _write(store, key, kind, facts, write)


def keep_montage(store: Store, montage: AcquiredMontage, key: str, kind: ImageKind) -> NewImage:
    """All tiles as one MRC stack, in the order taken, each with its own place."""
    tiles = [piece.image for piece in montage.pieces]
    first = tiles[0]
    height, width = first.pixels.shape
    facts = _facts(first) | {
        "width_px": width,
        "height_px": height,
        "sections": len(tiles),
        "pixel_to_stage": _layout([tile.pixel_to_stage for tile in tiles]).as_list(),
        "sections_to_stage": [tile.pixel_to_stage.as_list() for tile in tiles],
        "stage_x_um": montage.plan.centre.x_um,
        "stage_y_um": montage.plan.centre.y_um,
        "taken_at_s": montage.taken_at_s,
    }
    write = partial(
        write_mrc,
        frames=(tile.pixels for tile in tiles),
        frame_count=len(tiles),
        pixel_size_angstrom=first.pixel_size_angstrom,
    )
    return _write(store, key, kind, facts, write)


def keep_movie(store: Store, file: RecordedFile, key: str) -> NewImage:
    """A file the camera has closed; it is copied only where the storage is elsewhere.

    Read again from the first byte: what does not match the camera's own word is quarantined and
    raises BadFile.
    """
    if not is_local(store):
        store.copy_in(key, file.path)
    sha256, size = store.sha256(key), store.size(key)
    if size != file.size_bytes or file.sha256 not in (None, sha256):
        store.quarantine(key, "size or checksum differ from what the camera said it wrote")
        raise BadFile(
            f"{file.path.name} is not the file the camera closed ({size} of {file.size_bytes} "
            "bytes); it was quarantined. Look at the camera's disk."
        )
    return NewImage(
        kind=str(ImageKind.MOVIE),
        key=key,
        sha256=sha256,
        bytes=size,
        width_px=file.width_px,
        height_px=file.height_px,
        sections=file.frames,
        pixel_size_angstrom=file.pixel_size_angstrom,
        pixel_to_stage=file.pixel_to_stage.as_list(),
        stage_x_um=file.pose.x_um,
        stage_y_um=file.pose.y_um,
        stage_z_um=file.pose.z_um,
        tilt_deg=file.pose.tilt_deg,
        defocus_um=file.defocus_um,
        dose_e_per_angstrom2=file.dose_e_per_a2,
        taken_at_s=file.taken_at_s,
        gain_key=keep_gain(store, file.gain_path, key),
        mean_counts=file.mean_counts,
    )


def keep_gain(store: Store, gain: Path | None, movie_key: str) -> str:
    """The key of the gain reference beside its movies; "" when there is none."""
    if gain is None:
        return ""
    key = f"{movie_key.rpartition('/')[0]}/{gain.name}"
    if not store.exists(key):
        store.copy_in(key, gain)
    return key


def adopted(store: Store, key: str, kind: ImageKind) -> NewImage:
    """An image of ours that a crash left unregistered, from the facts beside it.

    Raises NotFound when either is missing and BadFile when the facts cannot be read.
    """
    with store.open(key + FACTS) as stream:
        try:
            facts = json.loads(stream.read())
        except ValueError as error:
            raise BadFile(f"{key}{FACTS} cannot be read: {error}.") from error
    return NewImage(
        kind=str(kind), key=key, sha256=store.sha256(key), bytes=store.size(key), **facts
    )


def _facts(image: AcquiredImage) -> dict[str, Any]:
    return {
        "pixel_size_angstrom": image.pixel_size_angstrom,
        "stage_x_um": image.pose.x_um,
        "stage_y_um": image.pose.y_um,
        "stage_z_um": image.pose.z_um,
        "tilt_deg": image.pose.tilt_deg,
        "defocus_um": image.defocus_um,
        "dose_e_per_angstrom2": image.dose_e_per_a2,
        "taken_at_s": image.taken_at_s,
        "mean_counts": float(image.pixels.astype(np.float64).mean()),
    }


def _layout(tiles: Sequence[Affine]) -> Affine:
    """The map of the montage as laid out: that of its first tile, begun at the outermost piece."""
    first = tiles[0]
    corners = [first.to_pixel(tile.apply(0.0, 0.0)) for tile in tiles]
    origin = first.apply(min(x for x, _ in corners), min(y for _, y in corners))
    return Affine(first.a, first.b, origin.x_um, first.c, first.d, origin.y_um)


def _write(
    store: Store, key: str, kind: ImageKind, facts: Mapping[str, Any], write: Writer
) -> NewImage:
    text = json.dumps(facts, separators=(",", ":")).encode()

    def put_facts(stream: BinaryIO) -> None:
        stream.write(text)

    store.write_atomic(key + FACTS, put_facts)
    stored = store.write_atomic(key, write)
    return NewImage(kind=str(kind), key=key, sha256=stored.sha256, bytes=stored.bytes, **facts)
