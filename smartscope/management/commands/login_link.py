"""`manage.py login_link`: a link that signs one person in, once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.operations.login_links import create_login_link


class Command(BaseCommand):
    help = "Print a link that signs this person in, once; it holds for a quarter of an hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whom it signs in")
        parser.add_argument(
            "--site",
            default="http://127.0.0.1:8000/",
            help="the address of the site, without the prefix (http://127.0.0.1:8000/)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            secret = create_login_link(SETUP, options["username"])
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        site = options["site"].rstrip("/") + settings.PREFIX
        self.stdout.write(f"{site}/login/{secret}")
