"""How the API answers and describes itself; no site changes any of it."""

from __future__ import annotations

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # ?format= is a filter of ours
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "smartscope",
    "DESCRIPTION": "Unattended screening on cryo-electron microscopes: "
    "whatever a button does, a script can do.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "GridStatus": "api.enums.GRID_STATUS",
        "TargetStatus": "api.enums.TARGET_STATUS",
        "ExposureStatus": "api.enums.EXPOSURE_STATUS",
        "RunState": "api.enums.RUN_STATE",
        "StepState": "api.enums.STEP_STATE",
        "AlarmState": "api.enums.ALARM_STATE",
        "AnalysisState": "api.enums.ANALYSIS_STATE",
        "AlarmLevel": "api.enums.ALARM_LEVEL",
        "DeliveryState": "api.enums.DELIVERY_STATE",
        "Duty": "api.enums.DUTY",
        "RuleKind": "api.enums.RULE_KIND",
        "CheckVerdict": "api.enums.CHECK_VERDICT",
        "CommandState": "smartscope.models.command.CommandState",
        "ClearingState": "smartscope.models.retention.ClearingState",
        "ImageKind": "smartscope.models.image.ImageKind",
        "ParticleStudyKind": "smartscope.models.particle_study.StudyKind",
        "Verdict": "smartscope.models.grid.Verdict",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
