"""How long files of ended sessions are kept: what a site may choose, and when it may happen.

Only files go. Rows stay: labels, decisions, what was measured, the dose ledger and the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from smartscope.domain.errors import InvalidInput

#: staff may change their mind, and others object, for so long; an admin's word counts at once
DELAY_FOR_STAFF = timedelta(days=30)
#: less would take away what people still look at
LEAST_DAYS, MOST_DAYS = 7, 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Days after a session's end, None for ever; movies are frames as the camera wrote them.

    Unless `without_backup`, a file stays that the list of the last backup does not name.
    """

    movies_days: int | None = None
    images_days: int | None = None
    without_backup: bool = False

    def movies_before(self, now: datetime) -> datetime | None:
        """Movies of sessions that ended before it may go."""
        return _before(now, self.movies_days)

    def images_before(self, now: datetime) -> datetime | None:
        """The same, of all other images."""
        return _before(now, self.images_days)


def check_keeping(keeping: Keeping) -> Keeping:
    """The same. Raises InvalidInput naming what cannot be."""
    problems = {}
    for name in ("movies_days", "images_days"):
        days = getattr(keeping, name)
        if days is not None and not LEAST_DAYS <= days <= MOST_DAYS:
            problems[name] = f"choose {LEAST_DAYS} to {MOST_DAYS} days, or for ever."
    if problems:
        raise InvalidInput(problems)
    return keeping


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)
