"""`manage.py emergency_stop --microscope NAME`: stop now, by the safety agent if need be."""

from __future__ import annotations

import getpass
import logging
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from smartscope.domain.actor import Actor
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Microscope
from smartscope.queries.agents import agent_line, agent_of_the_only_microscope

log = logging.getLogger("smartscope.audit")

DATABASE_LIMIT_MS = 800


class Command(BaseCommand):
    help = "Stop a microscope now: no further command leaves its bridge, except what makes safe."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--microscope", required=True, help="its name, or its id")

    def handle(self, *args: Any, **options: Any) -> None:
        name, who = options["microscope"], f"{getpass.getuser()} at the command line"
        try:
            told = _by_the_service(name, Actor("service", who))
        except DatabaseError as problem:
            log.error("the database cannot stop it: %s", problem)
            told = _by_the_agent(name, who)
        self.stdout.write(told)


def _by_the_service(name: str, actor: Actor) -> str:
    from smartscope.operations.emergency_stop import emergency_stop

    limits = f"-c statement_timeout={DATABASE_LIMIT_MS} -c lock_timeout={DATABASE_LIMIT_MS}"
    connections.settings["default"]["OPTIONS"] |= {"options": limits, "connect_timeout": "2"}
    found = Microscope.objects.filter(name=name).first()
    if found is None and _is_id(name):
        found = Microscope.objects.filter(pk=name).first()
    if found is None:
        known = ", ".join(Microscope.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no such microscope; there are {known}.")
    emergency_stop(actor, found.pk)
    return f"{found.name}: no command leaves its bridge any more, except what makes safe."


def _by_the_agent(name: str, who: str) -> str:
    try:
        line = agent_line(name) or agent_of_the_only_microscope()
        told = None if line is None else line.stop(who, timeout_s=2.0)
    except SmartscopeError as problem:
        raise CommandError(str(problem)) from problem
    if told is None or told.startswith("refused"):
        known = ", ".join(settings.AGENTS) or "none"
        raise CommandError(
            "NOBODY ACCEPTED THE STOP: database and safety agent do not answer. Close the valves "
            f"at the microscope's console. (Agents are known for these ids: {known}.)"
        )
    return "The database does not answer; the safety agent closes the valves now."


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
