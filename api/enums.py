"""Names that the OpenAPI file gives to the ladders; generated clients keep them."""

from __future__ import annotations

from smartscope.domain import status

GRID_STATUS = [str(member) for member in status.GridStatus]
TARGET_STATUS = [str(member) for member in status.TargetStatus]
EXPOSURE_STATUS = [str(member) for member in status.ExposureStatus]
RUN_STATE = [str(member) for member in status.RunState]
STEP_STATE = [str(member) for member in status.StepState]
