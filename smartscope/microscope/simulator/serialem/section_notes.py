"""What SerialEM writes about an image into the `.mdoc` beside its file."""

from __future__ import annotations

import time

import numpy as np

from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.program import Program


def notes_of(program: Program, image: BufferImage) -> dict[str, str]:
    """Keys and values of one section, in SerialEM's order and units."""
    pixels, knobs, affine = image.pixels, program.knobs, image.to_stage
    mean = float(pixels.mean(dtype=np.float64))
    # MRC rows run upwards, so the map of the file's own pixels has the other sign in y.
    matrix = (affine.a, -affine.b, affine.c, -affine.d)
    return {
        "TiltAngle": f"{image.stage.tilt_deg:.4f}",
        "StagePosition": f"{image.stage.x_um:.4f} {image.stage.y_um:.4f}",
        "StageZ": f"{image.stage.z_um:.4f}",
        "Magnification": str(image.magnification),
        "Intensity": f"{knobs.percent_c2 / 100.0:.5f}",
        "ExposureDose": f"{image.dose_e_per_a2:.6g}",
        "PixelSpacing": f"{image.pixel_nm * 10.0:.5g}",
        "SpotSize": str(knobs.spot),
        "Defocus": f"{image.defocus_um:.4f}",
        "ImageShift": f"{image.image_shift[0]:.6f} {image.image_shift[1]:.6f}",
        "RotationAngle": f"{np.degrees(np.arctan2(affine.c, affine.a)):.3f}",
        "ExposureTime": f"{image.exposure_s:.4f}",
        "Binning": f"{image.binning:g}",
        "CameraIndex": "0",
        "DividedBy2": "0",
        "MagIndex": str(image.mag_index),
        "CountsPerElectron": "16",
        "MinMaxMean": f"{float(pixels.min()):g} {float(pixels.max()):g} {mean:g}",
        "TargetDefocus": f"{program.findings.target_defocus_um:.4f}",
        "DateTime": time.strftime("%d-%b-%Y  %H:%M:%S", time.gmtime(image.taken_at_s)),
        "FilterSlitAndLoss": f"{knobs.slit_width_ev:g} {knobs.loss_ev:g}",
        "ImageToStageMatrix": " ".join(f"{value:.8g}" for value in matrix),
    }
