"""Send one message to one address through apprise; says in words what the channel answered."""

from __future__ import annotations

import logging
import re

from workers.alarms.words import Words

log = logging.getLogger(__name__)

#: seconds to connect and to be answered: the sweeper has other work too
LIMITS = "cto=4&rto=6"
#: seconds for the whole message, whatever the channel does meanwhile
WHOLE_LIMIT_S = 15.0
_ADDRESS = re.compile(r"\S+://\S+")


def send(url: str, words: Words) -> str:
    """ "" when the channel took it, otherwise why not. Never raises for what a channel does."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="smartscope", app_desc="smartscope", async_mode=False, service_timeout=WHOLE_LIMIT_S
    )
    messenger = apprise.Apprise(asset=asset)
    if not messenger.add(f"{url}{'&' if '?' in url else '?'}{LIMITS}"):
        return "This address is none that apprise understands; correct the setting."
    capture = apprise.LogCapture(  # type: ignore[no-untyped-call]
        level=logging.WARNING, fmt="%(message)s"
    )
    with capture as captured:
        try:
            taken = messenger.notify(body=words.body, title=words.title, body_format="text")
        # a channel's library may raise anything
        except Exception as problem:
            log.warning("a channel failed", exc_info=problem)
            return f"The channel failed: {type(problem).__name__}."
        answer = captured.getvalue()
    return "" if taken else _told(answer)


def _told(answer: str) -> str:
    """What the channel's library logged, without addresses, which may hold secrets."""
    lines = [line.strip() for line in _ADDRESS.sub("…", answer).splitlines() if line.strip()]
    return " ".join(lines)[:300] or "The channel did not take it and gave no reason."
