"""The goniometer by SerialEM: checked before a move, read back after it."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import StageLimit, StageStuck
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.settings import Limits
from smartscope.microscope.values import StagePose


@dataclass(frozen=True, slots=True)
class SerialEmStage:
    """Positions are SerialEM's own stage coordinates."""

    link: Link
    limits: Limits

    def position(self) -> StagePose:
        """Where the stage reports to be."""
        return read_pose(self.link.operation("position"))

    def move_to(self, point: Point, *, z_um: float | None = None) -> None:
        """Go there, settle, and prove it. Raises StageLimit (nothing sent) or StageStuck."""
        move(self.link.operation("move_to"), self.limits, point, z_um)

    def tilt_to(self, tilt_deg: float) -> None:
        """Tilt, settle, and prove it. Raises StageLimit (nothing sent) or StageStuck."""
        tilt(self.link.operation("tilt_to"), self.limits, tilt_deg)


def read_pose(operation: Operation) -> StagePose:
    """Position, height and tilt."""
    x_um, y_um, z_um = operation.read("ReportStageXYZ").numbers(3)
    tilt_deg = operation.read("ReportTiltAngle").number()
    # A goniometer reports -0.003° for level; what was asked for is what counts below its step.
    level = abs(tilt_deg) < 0.005
    return StagePose(x_um=x_um, y_um=y_um, z_um=z_um, tilt_deg=0.0 if level else tilt_deg)


def move(operation: Operation, limits: Limits, point: Point, z_um: float | None) -> None:
    """`move_to` under another operation's name, for montages and exchanges."""
    if not (abs(point.x_um) <= limits.stage_um and abs(point.y_um) <= limits.stage_um):
        raise StageLimit(
            f"({point.x_um:.1f}, {point.y_um:.1f}) µm lies outside the stage's "
            f"±{limits.stage_um:.0f} µm; nothing moved. Skip this target."
        )
    if z_um is not None and not abs(z_um) <= limits.stage_z_um:
        raise StageLimit(
            f"z {z_um:.1f} µm lies outside ±{limits.stage_z_um:.0f} µm; nothing moved."
        )
    place = (point.x_um, point.y_um) if z_um is None else (point.x_um, point.y_um, z_um)
    operation.absolute("MoveStageTo", *place)
    x_um, y_um, found_z_um = operation.read("ReportStageXYZ").numbers(3)
    short_um = point.distance_um(Point(x_um, y_um))
    if z_um is not None:
        short_um = max(short_um, abs(found_z_um - z_um))
    if short_um > limits.stage_tolerance_um:
        raise StageStuck(
            f"The stage stopped {short_um:.2f} µm from where it was sent; move it again or skip "
            "this target."
        )


def tilt(operation: Operation, limits: Limits, tilt_deg: float) -> None:
    """`tilt_to` under another operation's name."""
    if not abs(tilt_deg) <= limits.tilt_deg:
        raise StageLimit(f"{tilt_deg:.1f}° lies outside ±{limits.tilt_deg:.0f}°; nothing moved.")
    operation.absolute("TiltTo", tilt_deg)
    found_deg = operation.read("ReportTiltAngle").number()
    if abs(found_deg - tilt_deg) > limits.tilt_tolerance_deg:
        raise StageStuck(
            f"The stage stands at {found_deg:.2f}° where {tilt_deg:.2f}° was asked for; look at "
            "the goniometer before it is tilted again."
        )
