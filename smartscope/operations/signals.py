"""Hints sent after a commit; whoever misses one is slower, never wrong."""

from __future__ import annotations

from django.dispatch import Signal

#: sent with `seq`, `kind`, `session`, `microscope` (ids as text or None)
event_committed = Signal()
#: sent with `analysis_id` (text)
analysis_wanted = Signal()
#: sent with `told_as` and `pk` (text) of what a person asked for
work_wanted = Signal()
