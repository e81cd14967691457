"""`manage.py networks`: which trained networks there are, and which of them workers use."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.analysis import registry
from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.models import TrainedNetwork
from smartscope.operations.activate_network import activate_network, retire_network
from smartscope.operations.register_network import register_network
from smartscope.queries.networks import registered_networks


class Command(BaseCommand):
    help = "List, register, activate or retire trained networks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="the shipped ones and the site's own")
        register = verbs.add_parser("register", help="keep a trained file as a candidate")
        register.add_argument("file", type=Path)
        register.add_argument("--plugin", required=True, help="such as network-holes")
        register.add_argument("--metrics", type=Path, help="the trainer's metrics.json")
        register.add_argument("--data-sha256", default="", help="of the labels it learned from")
        register.add_argument("--note", default="")
        for verb, what in (
            ("activate", "use it from the next image on"),
            ("retire", "go back to the shipped weights"),
        ):
            parser_of = verbs.add_parser(verb, help=what)
            parser_of.add_argument("sha256", help="the checksum, or its first eight digits")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error

    def _list(self, _options: dict[str, Any]) -> None:
        present, absent = registry.survey()
        for plugin in present:
            card = plugin.manifest
            if card.weights is not None:
                self._line(card.name, card.weights.sha256, "shipped", f"version {card.version}")
        for gone in absent:
            self._line(gone.name, "", "unavailable", gone.reason)
        for network in registered_networks():
            reached = ", ".join(f"{k} {v}" for k, v in sorted(network.metrics.items()))
            self._line(network.plugin, network.sha256, network.state, reached or network.note)

    def _line(self, plugin: str, sha256: str, state: str, rest: str) -> None:
        self.stdout.write(f"{plugin:20} {sha256[:12]:12} {state:12} {rest}")

    def _register(self, options: dict[str, Any]) -> None:
        network = register_network(
            SETUP,
            plugin=options["plugin"],
            file=options["file"],
            metrics=_metrics(options["metrics"]),
            data_sha256=options["data_sha256"],
            note=options["note"],
        )
        self.stdout.write(f"{network.plugin} {network.sha256} is a {network.state}.")

    def _activate(self, options: dict[str, Any]) -> None:
        network = _named(options["sha256"])
        activate_network(SETUP, network.pk)
        self.stdout.write(f"{network.plugin} uses {network.sha256[:12]} from the next image on.")

    def _retire(self, options: dict[str, Any]) -> None:
        network = _named(options["sha256"])
        retire_network(SETUP, network.pk)
        self.stdout.write(f"{network.plugin} uses the shipped weights from the next image on.")


def _metrics(file: Path | None) -> dict[str, float | str]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} is no metrics.json of a training: {error}") from error
    if not isinstance(found, dict):
        raise CommandError(f"{file} is no metrics.json of a training: it holds no object.")
    return {str(name): value for name, value in found.items()}


def _named(start: str) -> TrainedNetwork:
    fitting = [n for n in registered_networks() if n.sha256.startswith(start.lower())]
    if len(start) < 8 or len(fitting) != 1:
        raise CommandError(
            f"{start!r} names {len(fitting)} registered networks; give at least eight digits of a "
            "checksum that manage.py networks list shows."
        )
    return fitting[0]
