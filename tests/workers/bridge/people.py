"""People who may drive a microscope."""

from __future__ import annotations

from django.contrib.auth.models import User

from smartscope.domain.actor import Actor
from smartscope.models import Membership, Microscope, MicroscopeGrant, Role, Session


def an_operator(microscope: Microscope) -> Actor:
    """A lead of every session's group there, with a grant."""
    user, _ = User.objects.get_or_create(username="night owl")
    for session in Session.objects.filter(microscope=microscope):
        Membership.objects.get_or_create(
            user=user, group=session.group, defaults={"role": Role.LEAD}
        )
    MicroscopeGrant.objects.get_or_create(user=user, microscope=microscope)
    return Actor("user", user.username, user.pk)
