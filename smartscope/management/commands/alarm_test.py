"""`manage.py alarm_test`: send the test alarm to everybody on the ladder and say who got it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartscope.domain.actor import SETUP
from smartscope.domain.alarms import DeliveryState

#: more rounds than the retries of one message
ROUNDS = 3


class Command(BaseCommand):
    help = "Test the alarms: every channel gets a message now; fails when one does not take it."

    def handle(self, *args: Any, **options: Any) -> None:
        from smartscope.operations.try_alarms import try_alarms
        from workers.alarms.tell import tell_people

        alarm = try_alarms(SETUP)
        for _ in range(ROUNDS):
            tell_people(timezone.now())
        rows = alarm.deliveries.filter(round=alarm.round).order_by("created_at")
        for row in rows:
            answer = f": {row.answer}" if row.answer else ""
            self.stdout.write(f"{row.duty} {row.recipient} by {row.channel}: {row.state}{answer}")
        if not rows:
            raise CommandError(
                "No channel is set up: nobody would be told of anything. docs/settings.md says how."
            )
        if any(row.state != DeliveryState.SENT for row in rows):
            raise CommandError("Not everybody got it; what failed is tried again by the sweeper.")
