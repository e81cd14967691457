"""Groups as they are shown: with where their holes were seen from the stage's place."""

from __future__ import annotations

from django.db.models import F, FloatField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from smartscope.models import Group
from smartscope.queries.visible import Reader, visible_groups


def groups_shown(reader: Reader) -> QuerySet[Group]:
    """`seen_offset_x_um`, `seen_offset_y_um`: the lattice in the group's view less its map."""
    measured = visible_groups(reader).annotate(measured=F("view_image__step__parameters"))
    return measured.annotate(
        seen_offset_x_um=Cast(KT("measured__measured__offset_x_um"), FloatField()),
        seen_offset_y_um=Cast(KT("measured__measured__offset_y_um"), FloatField()),
    ).prefetch_related("holes")
