"""A person's tokens, the newest first; never their secrets."""

from __future__ import annotations

from django.db.models import QuerySet

from smartscope.models import ApiToken

MOST = 200


def tokens_of(user_id: int) -> QuerySet[ApiToken]:
    """At most the newest 200; revoked and expired ones too, so that their use stays visible."""
    return ApiToken.objects.filter(owner_id=user_id).order_by("-created_at")[:MOST]
