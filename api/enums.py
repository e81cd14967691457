"""Names that the OpenAPI file gives to the ladders; generated clients keep them."""

from __future__ import annotations

from smartscope.domain import alarms, alert_rules, check_up, status

GRID_STATUS = [str(member) for member in status.GridStatus]
TARGET_STATUS = [str(member) for member in status.TargetStatus]
EXPOSURE_STATUS = [str(member) for member in status.ExposureStatus]
RUN_STATE = [str(member) for member in status.RunState]
STEP_STATE = [str(member) for member in status.StepState]
ANALYSIS_STATE = [str(member) for member in status.AnalysisState]
ALARM_STATE = [str(member) for member in alarms.AlarmState]
ALARM_LEVEL = [str(member) for member in alarms.Level]
DELIVERY_STATE = [str(member) for member in alarms.DeliveryState]
DUTY = [str(member) for member in alarms.Duty]
RULE_KIND = [str(member) for member in alert_rules.RuleKind]
CHECK_VERDICT = [str(member) for member in check_up.Verdict]
