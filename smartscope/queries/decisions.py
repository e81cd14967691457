"""What was chosen to be exposed, why, whether a person decided otherwise, and how it turned out.

override   a person labelled it, queued it, or took it out
surprise   the service chose it, and the exposure is no success by the ranking's own rule
"""

from __future__ import annotations

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.fields import BooleanField

from smartscope.domain.ranking import (
    CTF_LIMIT_ANGSTROM,
    DRIFT_LIMIT_ANGSTROM,
    FAULT_OF_CLASS,
    SURE_ENOUGH,
    Exposed,
    Fault,
    fault_of,
)
from smartscope.domain.status import ExposureStatus
from smartscope.models import Exposure, Hole
from smartscope.queries.visible import Reader, visible_holes

_BY_PERSON = Q(queued_by_person=True) | ~Q(label="") | Q(reason__in=("person", "deleted"))


def decisions(reader: Reader) -> QuerySet[Hole]:
    """Holes that were chosen or that a person decided about, with `override` and `surprise`."""
    measured = Exposure.objects.filter(hole=OuterRef("pk"), status=ExposureStatus.ANALYSED)
    return (
        visible_holes(reader)
        .filter(Q(group__isnull=False) | _BY_PERSON)
        .annotate(
            override=ExpressionWrapper(_BY_PERSON, output_field=BooleanField()),
            surprise=ExpressionWrapper(
                Q(group__isnull=False)
                & Q(queued_by_person=False)
                & Q(Exists(measured.filter(_faulty()))),
                output_field=BooleanField(),
            ),
        )
        .select_related("group", "square__grid")
        .prefetch_related("exposures")
    )


def outcome_of(hole: Hole) -> tuple[Exposure, Fault | None] | None:
    """The newest analysed exposure and what is wrong with it; None before there is one."""
    analysed = [one for one in hole.exposures.all() if one.status == ExposureStatus.ANALYSED]
    if not analysed:
        return None
    newest = max(analysed, key=lambda one: one.exposed_at_s)
    exposed = Exposed(
        newest.label,
        newest.drift_total_angstrom,
        newest.ice_thickness_nm,
        newest.ctf_fit_angstrom,
        bool(newest.ctf_refusal),
        newest.quality_class,
        newest.quality_probability,
        newest.particles,
    )
    grid = hole.square.grid
    return newest, fault_of(
        exposed,
        ice_range_nm=(grid.ice_min_nm, grid.ice_max_nm),
        fewest_particles=grid.fewest_particles,
    )


def _faulty() -> Q:
    """`domain.ranking.fault_of` in SQL: a person's label replaces every measurement."""
    grid = "hole__square__grid__"
    measured = (
        Q(drift_total_angstrom__gt=DRIFT_LIMIT_ANGSTROM)
        | Q(ice_thickness_nm__lt=F(f"{grid}ice_min_nm"))
        | Q(ice_thickness_nm__gt=F(f"{grid}ice_max_nm"))
        | Q(quality_class__in=list(FAULT_OF_CLASS), quality_probability__gte=SURE_ENOUGH)
        | ~Q(ctf_refusal="")
        | Q(ctf_fit_angstrom__gt=CTF_LIMIT_ANGSTROM)
        | Q(particles__lt=F(f"{grid}fewest_particles"))
    )
    return (~Q(label="") & ~Q(label="good")) | (Q(label="") & measured)
