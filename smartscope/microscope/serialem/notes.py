"""The `.mdoc` beside a movie for which SerialEM left none: how it was taken, in SerialEM's keys."""

from __future__ import annotations

import os
import time
from pathlib import Path

from smartscope.microscope.serialem.frames import flush_folder
from smartscope.microscope.values import RecordedFile


def write_notes(file: RecordedFile, *, voltage_kv: float) -> Path:
    """Write `<movie>.mdoc` aside and rename it; its path."""
    path = file.path.with_name(f"{file.path.name}.mdoc")
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="ascii") as stream:
        stream.write(_text(file, voltage_kv))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    flush_folder(path.parent)
    return path


def _text(file: RecordedFile, voltage_kv: float) -> str:
    """Defocus is negative for underfocus, image shift in stage µm, as ImageToStageMatrix has it."""
    pose, affine = file.pose, file.pixel_to_stage
    matrix = (affine.a, affine.b, affine.c, affine.d)
    taken = time.strftime("%d-%b-%Y  %H:%M:%S", time.gmtime(file.taken_at_s))
    lines = [
        "T = smartscope",
        f"PixelSpacing = {file.pixel_size_angstrom:.5g}",
        f"Voltage = {voltage_kv:.0f}",
        "",
        "[FrameSet = 0]",
        f"TiltAngle = {pose.tilt_deg:.3f}",
        f"StagePosition = {pose.x_um:.4f} {pose.y_um:.4f}",
        f"StageZ = {pose.z_um:.4f}",
        f"ImageShift = {file.image_shift.x_um:.5f} {file.image_shift.y_um:.5f}",
        f"TargetDefocus = {-file.defocus_um:.4f}",
        f"ExposureTime = {file.exposure_s:.3f}",
        f"ExposureDose = {file.dose_e_per_a2:.4f}",
        f"NumSubFrames = {file.frames}",
        f"FrameDosesAndNumber = {file.dose_per_frame_e_per_a2:.5f} {file.frames}",
        f"DateTime = {taken}",
        f"ImageToStageMatrix = {' '.join(f'{value:.8g}' for value in matrix)}",
        f"ReferenceItem = {file.item}",
    ]
    return "\n".join(lines) + "\n"
