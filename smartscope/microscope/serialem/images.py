"""From a buffer to an image that says where it is; what contradicts itself is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from smartscope.domain.clock import Clock
from smartscope.domain.geometry import Affine
from smartscope.microscope.errors import CameraFailed, CommandRefused
from smartscope.microscope.serialem.areas import PIXEL_TOLERANCE, AreaCalibration
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.serialem.matrices import Size, camera_to_stage, image_to_stage
from smartscope.microscope.serialem.optics import centre_of, read_image_shift
from smartscope.microscope.serialem.stage import read_pose
from smartscope.microscope.values import AcquiredImage, ImageShift, Pixels, StagePose

#: How far the centre of an image may lie from stage + image shift, as a part of its field.
CENTRE_TOLERANCE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a buffer's image lies, by calibration and encoders."""

    pixel_to_stage: Affine
    pose: StagePose
    image_shift: ImageShift

    def moved_to(self, shift: ImageShift) -> Placed:
        """Where an image taken like it lies, at another image shift."""
        affine, before = self.pixel_to_stage, self.image_shift
        there = replace(
            affine,
            tx=affine.tx + shift.x_um - before.x_um,
            ty=affine.ty + shift.y_um - before.y_um,
        )
        return replace(self, pixel_to_stage=there, image_shift=shift)


@dataclass(frozen=True, slots=True)
class ImageReader:
    """Reads buffer A; `maps_images` says whether this SerialEM tells the map of an image (4.1)."""

    focus: Focus
    clock: Clock
    maps_images: bool

    def read(
        self, op: Operation, area: AreaCalibration, *, dose_e_per_a2: float, taken_at_s: float
    ) -> AcquiredImage:
        """Buffer A as an image of `area`. Raises CameraFailed when it is not what was due."""
        pixels = op.image("A")
        require_pixels(pixels, area)
        properties = self.properties(op, area)
        placed = self.place(op, area)
        return AcquiredImage(
            area=area.settings.area,
            pixels=pixels,
            pixel_size_angstrom=area.settings.pixel_size_angstrom,
            pixel_to_stage=placed.pixel_to_stage,
            pose=placed.pose,
            image_shift=placed.image_shift,
            defocus_um=self.focus.commanded_um,
            dose_e_per_a2=area.spent(dose_e_per_a2, properties[3]),
            exposure_s=properties[3],
            taken_at_s=taken_at_s,
        )

    def place(self, op: Operation, area: AreaCalibration) -> Placed:
        """Where the image in A lies, the stage and the shift being as they were for it."""
        return self.place_at(op, area, read_pose(op), read_image_shift(op))

    def place_at(
        self, op: Operation, area: AreaCalibration, pose: StagePose, shift: ImageShift
    ) -> Placed:
        """Where the image in A lies, taken there; a wrong map would misplace a night.

        Raises CommandRefused when map and stage contradict each other.
        """
        settings = area.settings
        centre = centre_of(pose, shift)
        if self.maps_images:
            affine = image_to_stage(op, "A")
        else:
            size = Size(
                width_px=settings.width_px,
                height_px=settings.height_px,
                binning=self.properties(op, area)[2],
            )
            affine = camera_to_stage(op, centre=centre, tilt_deg=pose.tilt_deg, size=size)
        level_um = affine.pixel_size_um() * math.sqrt(math.cos(math.radians(pose.tilt_deg)))
        require_pixel_size(level_um * 1e4, area, "the pixel of SerialEM's stage map")
        shown = affine.apply((settings.width_px - 1) / 2, (settings.height_px - 1) / 2)
        off_um = shown.distance_um(centre)
        if not off_um <= CENTRE_TOLERANCE * max(settings.field_um):
            raise CommandRefused(
                f"SerialEM's map puts the middle of this {settings.area} image {off_um:.1f} µm "
                "from where the stage is; calibrate the stage at this magnification."
            )
        return Placed(pixel_to_stage=affine, pose=pose, image_shift=shift)

    def properties(self, op: Operation, area: AreaCalibration) -> tuple[float, ...]:
        """Sides, binning, exposure (s) and pixel (nm) of A, compared with the calibration."""
        properties = op.read("ImageProperties", "A").numbers(5)
        require_pixel_size(properties[4] * 10.0, area, "SerialEM's pixel size")
        return properties


def require_pixels(pixels: Pixels, area: AreaCalibration) -> None:
    """Raise CameraFailed unless they have the calibrated size and finite values."""
    expected = (area.settings.height_px, area.settings.width_px)
    if pixels.shape != expected:
        raise CameraFailed(
            f"The camera gave an image of {pixels.shape} pixels (rows, columns) where {expected} "
            f"were due; correct areas.{area.settings.area}, or binning and area of SerialEM's "
            f"{area.shot} set."
        )
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise CameraFailed(
            "The camera gave pixels that are not finite; take the dark and gain references anew."
        )


def require_pixel_size(found_angstrom: float, area: AreaCalibration, what: str) -> None:
    """Raise CommandRefused when a pixel is not the calibrated one, within a tenth."""
    expected = area.settings.pixel_size_angstrom
    if not abs(found_angstrom - expected) <= PIXEL_TOLERANCE * expected:
        raise CommandRefused(
            f"{what} is {found_angstrom:.4g} Å where areas.{area.settings.area} says "
            f"{expected:.4g} Å; correct the settings or SerialEM's calibration."
        )
