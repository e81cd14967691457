"""`manage.py export_labels --format coco|yolo --out DIR`: people's labels as a training set."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.errors import SmartscopeError
from smartscope.management.label_export import FORMATS, KINDS, export_labels
from smartscope.queries.visible import THE_SERVICE
from smartscope.storage.current import current_store


class Command(BaseCommand):
    help = "Write what people labelled, squares or holes, with its pictures, as COCO or YOLO."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--of", choices=tuple(KINDS), default="squares")
        parser.add_argument("--format", choices=FORMATS, default="coco")
        parser.add_argument(
            "--out", type=Path, required=True, help="a folder that is not there yet"
        )
        parser.add_argument("--session", type=UUID, help="only this session's grids")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            exported = export_labels(
                THE_SERVICE,
                current_store(),
                options["out"],
                options["format"],
                of=options["of"],
                session=options["session"],
            )
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        for split, pictures in exported.pictures.items():
            targets = exported.targets[split]
            self.stdout.write(f"{split.value}: {targets} {options['of']} in {pictures} pictures")
