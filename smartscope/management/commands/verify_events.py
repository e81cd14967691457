"""Compare the event log with its seals; says which rows were changed or taken away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from smartscope.queries.event_chain import broken_seals, head


class Command(BaseCommand):
    help = "Compare the event log with its seals; keep the printed head on another machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--kept",
            metavar="SEQ:SHA256",
            help="a head that was kept elsewhere",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = list(broken_seals(kept=_kept(options["kept"])))
        for one in broken:
            self.stderr.write(one.words)
        seq, digest = head()
        self.stdout.write(f"{seq}:{digest}")
        if broken:
            raise CommandError(f"{len(broken)} places differ from what was sealed.")


def _kept(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    seq, _, digest = text.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(digest) == 64):
        raise CommandError("--kept is SEQ:SHA256, as this command printed it.")
    return int(seq), digest
