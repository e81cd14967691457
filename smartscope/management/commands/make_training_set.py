"""`manage.py make_training_set squares|holes --out DIR`: labelled images from seeds, on disk."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.training import atlases, square_images
from smartscope.training.coco import CocoSet, categories_of
from smartscope.training.samples import AtlasSample, SquareSample
from smartscope.training.split import Split

ALL = "all"
Stream = Callable[..., Iterator[AtlasSample | SquareSample]]
_STREAMS: Mapping[str, Stream] = {
    atlases.KIND: atlases.stream_atlases,
    square_images.KIND: square_images.stream_square_images,
}


class Command(BaseCommand):
    help = (
        "Render labelled atlases (squares) or images of squares (holes) of simulated grids, with "
        "COCO files by split. The same seed and numbers give the same bytes."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(_STREAMS))
        parser.add_argument("--out", type=Path, required=True, help="an empty or new folder")
        parser.add_argument("--count", type=int, default=100, help="how many images")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--first", type=int, default=0, help="number of the first grid")
        parser.add_argument(
            "--split",
            default=ALL,
            choices=[ALL, *(split.value for split in Split)],
            help="only grids of one split; each grid belongs to one for ever",
        )
        parser.add_argument("--bits", type=int, default=16, choices=[8, 16])

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out"]
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{folder} is not empty; name a new folder, or empty this one.")
        if options["count"] < 1 or options["first"] < 0:
            raise CommandError("--count must be at least 1 and --first at least 0.")
        kind, count = options["kind"], options["count"]
        split = None if options["split"] == ALL else Split(options["split"])
        samples = _STREAMS[kind](options["seed"], split, first=options["first"], count=count)
        with CocoSet(folder, categories_of(kind), bits=options["bits"]) as made:
            for done, sample in enumerate(samples, start=1):
                made.add(sample)
                if done % 50 == 0 or done == count:
                    self.stdout.write(f"{done} of {count} images")
