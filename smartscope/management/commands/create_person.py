"""Make an account, put it into a group, and let it drive microscopes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Role
from smartscope.operations.memberships import create_person, grant_microscope


class Command(BaseCommand):
    help = "Make or change an account; a login link signs it in, it has no password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--group", help="made when there is none of that name")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value)
        parser.add_argument(
            "--microscope", action="append", default=[], help="may drive it; repeat for more"
        )
        parser.add_argument("--operator", action="store_true", help="for any group's sessions")
        parser.add_argument("--staff", action="store_true")
        parser.add_argument("--admin", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            create_person(
                SETUP,
                options["username"],
                group=options["group"],
                role=Role(options["role"]),
                staff=options["staff"],
                admin=options["admin"],
            )
            for name in options["microscope"]:
                grant_microscope(SETUP, name, options["username"], operator=options["operator"])
        except SmartscopeError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{options['username']} is ready; login_link signs in.")
