"""Bridges at odds over one microscope: a state machine whose oracle says what each act may do.

Every act is the real operation on real PostgreSQL. Whoever drives may die between any two of its
statements; a holding may run out, be robbed of its lock, be given back, closed or taken at once by
two.
"""

from __future__ import annotations

from tests.operations.journal_acts import JournalActs
from tests.operations.lease_acts import LeaseActs


class BridgesAtOdds(LeaseActs, JournalActs):
    """Both kinds of acts, mixed in any order."""
