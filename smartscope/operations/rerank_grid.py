"""Judge a grid anew on what its rows say now; called whenever something was learnt."""

from __future__ import annotations

from smartscope.domain.ranking import rank
from smartscope.models import Grid
from smartscope.queries.evidence import evidence_of


def rerank_grid(grid: Grid) -> None:
    """Write the suggested verdict and its reasons; a person's verdict is left alone."""
    evidence = evidence_of(grid)
    ranking = rank(evidence)
    Grid.objects.filter(pk=grid.pk).update(
        holes_in_range=ranking.holes_in_range,
        success_rate=ranking.success_rate,
        expected_usable_holes=ranking.expected_usable_holes,
        suggested_verdict=str(ranking.verdict),
        confidence=ranking.confidence,
        verdict_reasons=list(ranking.reasons),
        particles_per_exposure=evidence.particles_usual,
        fewest_particles=evidence.fewest_particles,
    )
