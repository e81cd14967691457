"""The database in one file, and a list of every image's name, size and sum to check copies with."""

from __future__ import annotations

import csv
import os
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from smartscope.domain.actor import SETUP
from smartscope.models import Image
from smartscope.operations.note_backup import note_backup
from smartscope.servers.dumping import dump_program
from smartscope.servers.postgres import ServerFailed


class Command(BaseCommand):
    help = (
        "Write DIRECTORY/smartscope-TIME.dump (restore with pg_restore) and smartscope-TIME.images."
        "csv. Image files are copied by the site's own means, after this, and checked by the list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        directory: Path = options["directory"]
        if not directory.is_dir():
            raise CommandError(f"{directory} is no directory; make it first.")
        stem = directory / f"smartscope-{timezone.now():%Y%m%dT%H%M%SZ}"
        # The list is made after the dump: whatever image the dump knows is in it.
        dump = stem.with_suffix(".dump")
        self._dump(dump)
        images = _list_images(stem.with_suffix(".images.csv"))
        size = dump.stat().st_size
        note_backup(SETUP, database_bytes=size, images=images)
        self.stdout.write(f"{dump} ({size} bytes) and the sums of {images} images are written.")

    def _dump(self, target: Path) -> None:
        wanted = connection.settings_dict
        part = target.with_suffix(".part")
        try:
            program = dump_program(
                int(connection.cursor().connection.info.server_version) // 10_000
            )
        except ServerFailed as problem:
            raise CommandError(str(problem)) from problem
        command = [str(program), "--format=custom", "--no-owner", f"--file={part}"]
        for flag, name in (("--host", "HOST"), ("--port", "PORT"), ("--username", "USER")):
            if wanted.get(name):
                command.append(f"{flag}={wanted[name]}")
        command.append(str(wanted["NAME"]))
        # on a command line every user of the machine could read the password
        secret = {"PGPASSWORD": str(wanted["PASSWORD"])} if wanted.get("PASSWORD") else {}
        done = subprocess.run(
            command, env=os.environ | secret, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            part.unlink(missing_ok=True)
            raise CommandError(f"The database was not written out: {done.stderr.strip()[-500:]}")
        part.rename(target)


def _list_images(target: Path) -> int:
    count = 0
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["key", "bytes", "sha256"])
        there = Image.objects.filter(removed_at__isnull=True)
        rows = there.order_by("key").values_list("key", "bytes", "sha256")
        for row in rows.iterator(chunk_size=5_000):
            writer.writerow(row)
            count += 1
    return count
