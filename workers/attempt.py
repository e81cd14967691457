"""One try at something a person asked for; safe to be done twice, or to be killed anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from smartscope.domain.errors import BadFile, InvalidInput, NotFound, SmartscopeError
from smartscope.operations.asked_work import Work, begin_work, fail_work

log = logging.getLogger(__name__)


def attempt(kind: type[Work], pk: UUID, do: Callable[[Work], None]) -> None:
    """Begin, do, which records. A broken file ends it; other failures are tried again."""
    work = begin_work(kind, pk)
    if work is None:
        return
    try:
        do(work)
    except InvalidInput as refusal:
        fail_work(kind, pk, " ".join(refusal.problems.values()), final=True)
    except (BadFile, NotFound) as error:
        fail_work(kind, pk, str(error), final=True)
    except SmartscopeError as error:
        fail_work(kind, pk, str(error), final=False)
    except Exception as error:
        log.exception("%s %s failed", kind.__name__, pk)
        fail_work(kind, pk, f"{type(error).__name__}: {error}", final=False)
