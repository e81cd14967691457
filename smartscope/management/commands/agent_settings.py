"""`manage.py agent_settings MICROSCOPE`: what its safety agent, and the service, are to be told."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from smartscope.models import Microscope

LISTEN = "127.0.0.1:48900"


class Command(BaseCommand):
    help = "Print the settings of a microscope's safety agent, and the service's line to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("microscope", help="the microscope's name")
        parser.add_argument("--listen", default=LISTEN, help="HOST:PORT on the agent's machine")

    def handle(self, *args: Any, **options: Any) -> None:
        microscope = Microscope.objects.filter(name=options["microscope"]).first()
        if microscope is None:
            known = ", ".join(Microscope.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no such microscope; there are {known}.")
        given = microscope.driver_settings
        instrument = f"{given.get('host', '127.0.0.1')}:{given.get('port', 48888)}"
        key = "the file that holds it" if settings.AGENT_KEY else "make one: openssl rand -hex 32"
        lines = [
            f"# agent.toml of {microscope.name}, for python -m safety_agent --config agent.toml",
            f'SMARTSCOPE_AGENT_MICROSCOPE = "{microscope.pk}"',
            f'SMARTSCOPE_AGENT_LISTEN = "{options["listen"]}"',
            f'SMARTSCOPE_AGENT_INSTRUMENT = "{instrument}"',
            'SMARTSCOPE_AGENT_STATE = "agent.json"',
            f'SMARTSCOPE_AGENT_KEY_FILE = "agent_key"  # {key}',
            'DATABASE_URL_FILE = "agent_database_url"',
            'SMARTSCOPE_AGENT_PAGE_URLS_FILE = "agent_page_urls"',
            "",
            "# for web, ws, bridge and sweeper, with the same key:",
            f"# SMARTSCOPE_AGENTS={microscope.pk}={options['listen']}",
        ]
        self.stdout.write("\n".join(lines))
