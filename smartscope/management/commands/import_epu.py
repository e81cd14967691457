"""`manage.py import_epu FOLDER`: a real EPU session, searched by our finders, shown on the page."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.protocol import MESHES
from smartscope.models import Analysis, ImageKind
from smartscope.operations.import_epu import import_epu
from workers.analyses.run import run_analysis
from workers.analyses.wanted import wanted_for
from workers.epu_folder import collect


class Command(BaseCommand):
    help = "Register an EPU session's atlases and images, and find squares and holes in them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="holds EpuSession.dm and the atlas folders")
        parser.add_argument("--name", help="the session's name (default: EPU's)")
        parser.add_argument("--group", default="demo", help="whose session it is")
        parser.add_argument("--mesh", default="300", choices=sorted(MESHES))
        parser.add_argument(
            "--queue", action="store_true", help="leave the finding to the workers' queue"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = collect(
                options["folder"].resolve(),
                name=options["name"],
                group=options["group"],
                mesh=options["mesh"],
            )
            wanted = {kind.value: wanted_for(kind.value) for kind in ImageKind}
            session = import_epu(SETUP, wanted, found)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Registered session {session.name} with {len(found.grids)} grids.")
        if not options["queue"]:
            self._find(session.pk)

    def _find(self, session_id: UUID) -> None:
        analyses = Analysis.objects.filter(image__grid__session=session_id)
        for analysis in analyses.order_by("image__taken_at_s", "created_at"):
            run_analysis(analysis.pk)
            analysis.refresh_from_db()
            self.stdout.write(f"{analysis.kind} of {analysis.image.key}: {analysis.state}")
