"""Takes one image: renders what the exposure needs, margin included, and exposes the camera."""

from __future__ import annotations

from collections.abc import Sequence

from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.values import ExposureConditions, Image, NoiseKey
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.values import PastExposure, Pose
from smartscope.microscope.simulator.specimen.world import Specimen


def take_image(
    specimen: Specimen,
    pose: Pose,
    camera: Camera,
    pixel_size_um: float,
    conditions: ExposureConditions,
    noise: NoiseKey,
    *,
    earlier: Sequence[PastExposure] = (),
    hours_in_column: float = 0.0,
) -> Image:
    """An image centred on the true `pose`; `noise` comes from the commanded one."""
    patch = specimen.render(
        pose,
        camera.render_shape(conditions, pixel_size_um),
        pixel_size_um,
        attenuation=attenuation(conditions.voltage_kv, slit_in=conditions.slit_in),
        earlier=earlier,
        hours_in_column=hours_in_column,
    )
    return camera.expose(patch, conditions, noise)
