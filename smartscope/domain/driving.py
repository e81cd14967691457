"""Who may take the helm of a microscope from whom: times and one pure decision.

free -> held -> free (handed back, or not renewed for ten minutes)
        held -> asked -> held by the one who asked (handed over, or silence)
                      -> held (refused)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: an open page renews it; without it the helm is free again after this
LASTS = timedelta(minutes=10)
#: how long the holder has for an answer; silence hands over
ANSWER_WITHIN = timedelta(seconds=30)
#: taking it by force needs a sign-in not older than this
FRESH = timedelta(minutes=10)


class Way(StrEnum):
    """How somebody comes to the helm."""

    RENEWED = "renewed"
    FREE = "free"
    SILENCE = "silence"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Helm:
    """Who holds it until when, and who asked for it; people by their number."""

    holder: int | None = None
    expires_at: datetime | None = None
    asked_by: int | None = None
    asked_at: datetime | None = None

    def holder_at(self, now: datetime) -> int | None:
        """Who is at the helm now; None when it is free or was not renewed."""
        if self.expires_at is None or self.expires_at <= now:
            return None
        return self.holder


def way_to(helm: Helm, person: int, now: datetime) -> Way:
    """How `person` would come to the helm now; DENIED when somebody else stands there."""
    holder = helm.holder_at(now)
    if holder is None:
        return Way.FREE
    if holder == person:
        return Way.RENEWED
    asked = helm.asked_at if helm.asked_by == person else None
    return Way.SILENCE if asked is not None and now - asked >= ANSWER_WITHIN else Way.DENIED
