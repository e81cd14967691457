"""Train a network on simulated images, alone or with labelled real ones, and export it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.errors import SmartscopeError
from smartscope.training.options import TrainingOptions
from smartscope.training.trainers import TRAINERS, trainer


class Command(BaseCommand):
    """Needs requirements-train.txt; never needed to run the service."""

    help = "Train a network: manage.py train holes --out var/training/holes --steps 3000 --seed 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to train, on what, how long."""
        parser.add_argument("what", choices=sorted(TRAINERS))
        parser.add_argument("--out", type=Path, required=True, help="a folder of this training")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--steps", type=int, default=3000)
        parser.add_argument("--batch", type=int, default=8, help="crops per step")
        parser.add_argument("--data", type=Path, help="labelled real images: half of each batch")
        parser.add_argument("--base", type=Path, help="a checkpoint whose weights to start from")
        parser.add_argument("--network", default="", help="another architecture, such as yolo")
        parser.add_argument(
            "--resume", action="store_true", help="go on from the last checkpoint in --out"
        )

    def handle(self, *_: object, **given: object) -> None:
        """Train and say what came of it."""
        names = ("out", "seed", "steps", "batch", "data", "base", "network", "resume")
        try:
            options = TrainingOptions(**{name: given[name] for name in names})  # type: ignore[arg-type]
            outcome = trainer(str(given["what"]))(options)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{outcome.summary}\n{outcome.onnx}\nsha256 {outcome.sha256}")
        for name, value in outcome.metrics.items():
            self.stdout.write(f"{name}: {value:.4f}")
