"""`manage.py setup_microscope FILE`: make a microscope known, or change what is known of it."""

from __future__ import annotations

import tomllib
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from smartscope.domain.actor import SETUP
from smartscope.domain.check_up import Verdict
from smartscope.domain.errors import InstrumentError, InvalidInput
from smartscope.microscope.registry import examine
from smartscope.models import Microscope
from smartscope.operations.setup_microscope import (
    Camera,
    MicroscopeDescription,
    setup_microscope,
)
from workers.bridge.instrument import driver_settings

#: the finding that says that a driver cannot use its settings
SETTINGS = "settings"


class Command(BaseCommand):
    help = "Make a microscope known from a TOML file, or bring one of that name up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what docs/operator.md describes, as TOML")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            described = description_of(_read(options["file"]))
            with transaction.atomic():
                microscope, _ = setup_microscope(SETUP, described)
                _require_settings(microscope)
        except InvalidInput as error:
            told = "; ".join(f"{name} {words}" for name, words in error.problems.items())
            raise CommandError(f"{options['file']}: {told} Nothing was changed.") from error
        self.stdout.write(
            f"{microscope.name} is known. Next: manage.py doctor --microscope {microscope.name!r}"
        )


def description_of(given: Mapping[str, Any]) -> MicroscopeDescription:
    """What the file says. Raises InvalidInput with a sentence for each key that is odd."""
    camera = given.get("camera")
    if not isinstance(camera, Mapping):
        raise InvalidInput({"camera": "is missing: a table with the camera's name and size."})
    problems = _problems(given, MicroscopeDescription, "") | _problems(camera, Camera, "camera.")
    if problems:
        raise InvalidInput(problems)
    return MicroscopeDescription(**{**given, "camera": Camera(**camera)})


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as TOML: {error}.") from error


def _problems(given: Mapping[str, Any], kind: type, prefix: str) -> dict[str, str]:
    """Keys that are unknown, missing or of another kind than their field."""
    known = {each.name for each in fields(kind)}
    hints = get_type_hints(kind)
    needed = {
        each.name
        for each in fields(kind)
        if each.default is each.default_factory  # both missing
    }
    problems = {f"{prefix}{name}": "is not known." for name in given.keys() - known}
    problems |= {f"{prefix}{name}": "is missing." for name in needed - given.keys()}
    for name in known & given.keys():
        if not _fits(given[name], hints[name]):
            problems[f"{prefix}{name}"] = f"is no {_called(hints[name])}."
    return problems


def _fits(value: Any, hint: Any) -> bool:
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)
    if hint in (str, int):
        return isinstance(value, hint)
    if hint in (float, float | None):
        return isinstance(value, int | float)
    return isinstance(value, Mapping)


def _called(hint: Any) -> str:
    words = {bool: "true or false", str: "text", int: "whole number"}
    return words.get(hint, "number" if hint in (float, float | None) else "table")


def _require_settings(microscope: Microscope) -> None:
    """Nothing is sent to the instrument. Raises InvalidInput with what the driver says."""
    try:
        findings = list(
            examine(microscope.driver_kind, driver_settings(microscope), in_control=False)
        )
    except InstrumentError as error:
        raise InvalidInput({"driver_kind": str(error)}) from error
    for finding in findings:
        if finding.subject == SETTINGS and finding.verdict is Verdict.FAIL:
            raise InvalidInput({"driver_settings": finding.told})
