"""Rows of pictures made from an image: stitched atlas, sum of a movie, power spectrum."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smartscope.domain.geometry import Affine
from smartscope.models import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A file a worker has written whole; `to_stage` is None where it has no place on the stage."""

    kind: str
    key: str
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    pixel_size_angstrom: float
    to_stage: Affine | None = None
    preview_key: str = ""
    tiles_key: str = ""

    def with_pictures(
        self, *, to_stage: Affine | None, preview_key: str, tiles_key: str = ""
    ) -> Derived:
        """The same file, with its place on the stage and what people look at."""
        return replace(self, to_stage=to_stage, preview_key=preview_key, tiles_key=tiles_key)


def derived_image(source: Image, made: Derived) -> Image:
    """Upsert by key: working on the same image again changes nothing."""
    image, _ = Image.objects.update_or_create(
        key=made.key,
        defaults={
            "grid_id": source.grid_id,
            "kind": made.kind,
            "source": source,
            "sha256": made.sha256,
            "bytes": made.size_bytes,
            "width_px": made.width_px,
            "height_px": made.height_px,
            "pixel_size_angstrom": made.pixel_size_angstrom,
            "pixel_to_stage": None if made.to_stage is None else made.to_stage.as_list(),
            "stage_x_um": source.stage_x_um,
            "stage_y_um": source.stage_y_um,
            "stage_z_um": source.stage_z_um,
            "tilt_deg": source.tilt_deg,
            "taken_at_s": source.taken_at_s,
            "display_only": source.display_only,
            "preview_key": made.preview_key,
            "tiles_key": made.tiles_key,
        },
    )
    return image


def show(image: Image, *, preview_key: str, tiles_key: str = "") -> None:
    """Note where the preview and the deep-zoom tiles of an image are."""
    image.preview_key, image.tiles_key = preview_key, tiles_key
    image.save(update_fields=["preview_key", "tiles_key", "updated_at"])
