"""Particles of an exposure: looked for after it is measured, counted, corrected by people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis import registry
from smartscope.analysis.manifest import Manifest
from smartscope.analysis.picking.matched import coarse_micrograph
from smartscope.analysis.picking.size_evidence import evidence_of
from smartscope.domain.actor import SETUP
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.domain.protocol import PickingMethod
from smartscope.models import Analysis, Changeset, Event, Exposure, Grid, Hole, PickEdit, Picking
from smartscope.models.ids import uuid7
from smartscope.operations.edit_picks import PickClicks, edit_picks
from smartscope.operations.revert_changeset import revert_changeset
from smartscope.operations.want_picks import PicksAsked, want_picks
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn
from tests.workers.pickers import ToldPicker
from tests.workers.test_exposure_measured import counted, taken
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db

CARD = Manifest(
    name="matched-picker",
    kind="picker",
    version="7",
    level="record",
    licence="BSD-3-Clause",
    declared_duration_s=3.0,
)
#: 100 Å at 1.2 Å per pixel: a click within 41 px of a pick means it
PLACES = ((100.0, 100.0, 0.9), (400.0, 300.0, 0.8), (250.0, 420.0, 0.6), (60.0, 440.0, 0.2))


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


@pytest.fixture
def picker(monkeypatch: pytest.MonkeyPatch) -> ToldPicker:
    """A picker of known answers in the place of the built-in ones."""
    told, card = ToldPicker(CARD, PLACES), registry.card
    names = set(PickingMethod)
    monkeypatch.setattr(registry, "picker", lambda name: told)
    monkeypatch.setattr(registry, "card", lambda name: CARD if name in names else card(name))
    return told


def measured(tmp_path: Path, **parameters: object) -> Exposure:
    analysis, exposure = taken(tmp_path, counted(np.zeros((512, 512), np.float32), frames=2))
    Grid.objects.update(**parameters)
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    return exposure


def picked(exposure: Exposure) -> Picking:
    picking = Picking.objects.get(exposure=exposure)
    run_analysis(picking.analysis_id)
    picking.refresh_from_db()
    exposure.refresh_from_db()
    assert picking.analysis.state == "done", picking.analysis.error
    return picking


def test_the_protocol_has_particles_looked_for_in_every_exposure(
    tmp_path: Path, picker: ToldPicker
) -> None:
    exposure = measured(tmp_path, particle_diameter_angstrom=90.0)
    Exposure.objects.update(label="good")
    picking = picked(exposure)
    assert exposure.particles == 3
    assert (picking.method, picking.method_version) == ("matched-picker", "7")
    assert (picking.diameter_angstrom, picking.diameter_spread_angstrom) == (90.0, None)
    assert picking.threshold == 0.5
    assert picking.masked_fraction == pytest.approx(0.0, abs=0.05)
    assert Event.objects.get(kind="exposure.picked").after == {"particles": 3}
    assert picker.asked[0][0] == 90.0
    grid = Grid.objects.get(pk=exposure.hole.square.grid_id)
    assert any("Particles were counted in 1 usable" in said for said in grid.verdict_reasons)


def test_a_size_that_nobody_gave_is_told_by_the_grids_other_exposures(
    tmp_path: Path, picker: ToldPicker
) -> None:
    exposure = measured(tmp_path)
    hole, other = Hole.objects.get(pk=exposure.hole_id), Exposure.objects.get(pk=exposure.pk)
    for row in (hole, other):
        row.pk, row.slug = uuid7(), "other"
    hole.number, other.hole = 99, hole
    hole.save(force_insert=True)
    other.save(force_insert=True)
    own = Picking.objects.get(exposure=exposure)
    shown = coarse_micrograph(drawn()[0], pixel_size_angstrom=PIXEL_ANGSTROM)
    Picking.objects.create(
        exposure=other, analysis=own.analysis, size_evidence=evidence_of([shown])[0].plain()
    )
    Analysis.objects.filter(pk=own.analysis_id).update(state="wanted")
    run_analysis(own.analysis_id)
    own.refresh_from_db()
    assert picker.asked[-1][0] == pytest.approx(DIAMETER_ANGSTROM, rel=0.15)
    assert own.diameter_spread_angstrom is not None
    assert own.size_evidence is not None
    want_picks(SETUP, [exposure.pk], PicksAsked(diameter_angstrom=90.0))
    assert picked(exposure).size_evidence is None


def test_none_is_looked_for_where_the_protocol_says_so_until_a_person_asks(
    tmp_path: Path, picker: ToldPicker
) -> None:
    exposure = measured(tmp_path, picking_method="none")
    assert not Picking.objects.exists()
    want_picks(SETUP, [exposure.pk], PicksAsked(diameter_angstrom=120.0))
    want_picks(SETUP, [exposure.pk], PicksAsked(diameter_angstrom=120.0))
    assert Analysis.objects.filter(kind="pick").count() == 1
    assert picked(exposure).diameter_angstrom == 120.0
    want_picks(SETUP, [exposure.pk], PicksAsked(diameter_angstrom=140.0))
    assert picked(exposure).diameter_angstrom == 140.0
    assert Analysis.objects.filter(kind="pick").count() == 1


def test_where_nothing_can_be_found_the_reason_is_the_answer(
    tmp_path: Path, picker: ToldPicker
) -> None:
    picker.refusal = "The exposure has no contrast: dark or saturated; was the beam on?"
    exposure = measured(tmp_path)
    assert picked(exposure).reason == picker.refusal
    assert exposure.particles == 0


def test_a_picture_that_would_be_mostly_dirt_is_not_masked(
    tmp_path: Path, picker: ToldPicker
) -> None:
    """Bright vacuum in a corner is taken for ice, and the ice for dirt: that mask is not used."""
    scene = np.zeros((512, 512), np.float32)
    scene[:, 330:] = 0.9
    analysis, exposure = taken(tmp_path, counted(scene, frames=4))
    run_analysis(analysis.pk)
    picking = picked(exposure)
    assert picking.masked_fraction is None
    assert "not believed" in picking.mask_refusal
    assert exposure.particles == 3


def test_what_lies_under_dirt_is_not_counted(tmp_path: Path, picker: ToldPicker) -> None:
    scene = np.zeros((512, 512), np.float32)
    scene[20:240, 20:240] = -0.6
    analysis, exposure = taken(tmp_path, counted(scene, frames=4))
    run_analysis(analysis.pk)
    picking = picked(exposure)
    assert picking.masked_fraction is not None
    assert 0.1 < picking.masked_fraction < 0.4
    assert exposure.particles == 2


def test_a_person_adds_removes_and_takes_back(tmp_path: Path, picker: ToldPicker) -> None:
    exposure = measured(tmp_path)
    picking = picked(exposure)
    first = edit_picks(
        SETUP,
        exposure.pk,
        PickClicks(add=[(20.0, 20.0)], remove=[(110.0, 95.0)]),
        version=picking.version,
    )
    exposure.refresh_from_db()
    assert (first.changed, exposure.particles) == (2, 3)
    removal = PickEdit.objects.get(is_particle=False)
    assert (removal.x_px, removal.y_px) == (100.0, 100.0)
    assert Event.objects.get(kind="exposure.picks_changed").subjects == [str(exposure.pk)]
    with pytest.raises(Conflict, match="changed since you read it"):
        edit_picks(SETUP, exposure.pk, PickClicks(add=[(5.0, 5.0)]), version=picking.version)
    # a click on what was added takes it away, one where a pick was removed brings it back
    edit_picks(
        SETUP, exposure.pk, PickClicks(add=[(101.0, 99.0)], remove=[(21.0, 21.0)]), version=None
    )
    exposure.refresh_from_db()
    assert exposure.particles == 3
    assert not PickEdit.objects.filter(withdrawn=False).exists()
    for changeset in Changeset.objects.order_by("-created_at"):
        revert_changeset(SETUP, changeset.pk)
    exposure.refresh_from_db()
    assert exposure.particles == 3
    assert not PickEdit.objects.filter(withdrawn=False).exists()


def test_what_people_said_holds_for_the_next_picker(tmp_path: Path, picker: ToldPicker) -> None:
    exposure = measured(tmp_path)
    picked(exposure)
    edit_picks(
        SETUP, exposure.pk, PickClicks(add=[(20.0, 20.0)], remove=[(400.0, 300.0)]), version=None
    )
    picker.places = ((402.0, 301.0, 0.99), (180.0, 180.0, 0.99), (22.0, 18.0, 0.99))
    want_picks(SETUP, [exposure.pk], PicksAsked(diameter_angstrom=110.0))
    picked(exposure)
    assert exposure.particles == 2


def test_a_threshold_of_ones_own_is_taken_back_as_well(tmp_path: Path, picker: ToldPicker) -> None:
    exposure = measured(tmp_path)
    picked(exposure)
    done = edit_picks(
        SETUP, exposure.pk, PickClicks(threshold=0.7, sets_threshold=True), version=None
    )
    exposure.refresh_from_db()
    assert exposure.particles == 2
    assert done.changeset is not None
    revert_changeset(SETUP, done.changeset)
    exposure.refresh_from_db()
    assert exposure.particles == 3


def test_clicks_outside_the_picture_or_before_it_was_looked_at_are_declined(
    tmp_path: Path, picker: ToldPicker
) -> None:
    exposure = measured(tmp_path)
    with pytest.raises(Conflict, match="not looked for yet"):
        edit_picks(SETUP, exposure.pk, PickClicks(add=[(1.0, 1.0)]), version=None)
    picked(exposure)
    with pytest.raises(InvalidInput) as outside:
        edit_picks(SETUP, exposure.pk, PickClicks(remove=[(1.0, 512.0)]), version=None)
    assert "outside the picture" in outside.value.problems["remove.0"]
