"""`manage.py pick FILES... --out DIR`: particles of many micrographs, as RELION reads them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.analysis import chains, registry
from smartscope.analysis.picking.many_files import LISTING, SUMMARY, Asked, pick_files
from smartscope.domain.errors import SmartscopeError


class Command(BaseCommand):
    help = (
        "Find particles in aligned sums (MRC, TIFF) and write a STAR file of coordinates for each, "
        f"{LISTING} and {SUMMARY}. Started again, it does what is left."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, nargs="+")
        parser.add_argument("--out", type=Path, required=True, help="a folder for coordinates")
        parser.add_argument(
            "--pixel-size", type=float, metavar="Å", help="if the files say none, or a wrong one"
        )
        parser.add_argument(
            "--diameter", type=float, metavar="Å", help="longest side; measured when left out"
        )
        parser.add_argument("--method", default=chains.PICKER, help="a picker's name")

    def handle(self, *args: Any, **options: Any) -> None:
        files: list[Path] = options["files"]
        asked = Asked(
            method=options["method"],
            pixel_size_angstrom=options["pixel_size"],
            diameter_angstrom=options["diameter"],
        )
        particles = failed = 0
        try:
            picker = registry.picker(asked.method)
            for number, (outcome, there) in enumerate(
                pick_files(files, options["out"], picker, asked), start=1
            ):
                particles += outcome.particles
                failed += outcome.failed
                said = outcome.reason or f"{outcome.particles} particles"
                again = " (already there)" if there else ""
                self.stdout.write(f"{number} of {len(files)} {outcome.file}: {said}{again}")
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{particles} particles in {len(files) - failed} micrographs")
        if failed:
            raise CommandError(f"{failed} files could not be picked; their reasons are above.")
