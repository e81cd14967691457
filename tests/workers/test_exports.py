"""Particles written to files that other programs read: found again where they were picked."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
import starfile
from django.utils import timezone

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.models import Event, Export, ExportFormat, Exposure, Grid, Session
from smartscope.operations.asked_work import begin_work
from smartscope.operations.edit_picks import PickClicks, edit_picks
from smartscope.operations.exports import ExportAsked, want_export
from tests.workers.pickers import ToldPicker
from tests.workers.test_exposure_measured import PIXEL_ANGSTROM, counted, taken
from tests.workers.test_picks import _storage, picked, picker  # noqa: F401 (fixtures)
from workers.analyses.run import run_analysis
from workers.exports.run import run_export

pytestmark = pytest.mark.django_db
#: of PLACES of the told picker those above its threshold, surest first
PICKED = [[100.0, 100.0], [400.0, 300.0], [250.0, 420.0]]


@pytest.fixture
def grid(tmp_path: Path, picker: ToldPicker) -> Grid:  # noqa: F811
    """One exposure of 512 px with three dark discs where the picker finds particles."""
    rows, columns = np.indices((512, 512))
    scene = np.zeros((512, 512), np.float32)
    for x, y in PICKED:
        scene[np.hypot(columns - x, rows - y) < 20] = -0.5
    analysis, exposure = taken(tmp_path, counted(scene, frames=6))
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    picked(exposure)
    Exposure.objects.update(defocus_um=1.5, astigmatism_nm=40.0, astigmatism_axis_deg=30.0)
    return exposure.hole.square.grid


def test_particles_of_a_tilted_specimen_have_each_their_defocus(grid: Grid, tmp_path: Path) -> None:
    Exposure.objects.update(specimen_tilt_deg=45.0, defocus_rises_deg=90.0)
    files = archive(grid, tmp_path, format=ExportFormat.STAR)
    particles = star(files, "particles.star", tmp_path)["particles"]
    deeper = PIXEL_ANGSTROM * (particles["rlnCoordinateY"].to_numpy() - 255.5)
    assert particles["rlnDefocusU"].to_numpy() == pytest.approx(15_200.0 + deeper, abs=0.1)
    assert particles["rlnDefocusV"].to_numpy() == pytest.approx(14_800.0 + deeper, abs=0.1)


def archive(grid: Grid, tmp_path: Path, **asked: object) -> zipfile.ZipFile:
    export = want_export(SETUP, grid.pk, ExportAsked(**asked))  # type: ignore[arg-type]
    run_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.progress) == ("done", 1.0), export.message
    packed = (tmp_path / "files" / export.key).read_bytes()
    assert export.bytes == len(packed)
    return zipfile.ZipFile(io.BytesIO(packed))


def star(files: zipfile.ZipFile, name: str, tmp_path: Path) -> dict[str, Any]:
    return dict(starfile.read(files.extract(name, tmp_path), always_dict=True))


def test_relion_reads_where_particles_are(grid: Grid, tmp_path: Path) -> None:
    exposure = Exposure.objects.get()
    edit_picks(SETUP, exposure.pk, PickClicks(remove=[(100, 100)], add=[(30, 200)]), version=None)
    files = archive(grid, tmp_path, format=ExportFormat.STAR)
    tables = star(files, "particles.star", tmp_path)
    particles = tables["particles"]
    assert particles[["rlnCoordinateX", "rlnCoordinateY"]].to_numpy().tolist() == [
        *PICKED[1:],
        [30.0, 200.0],
    ]
    assert set(particles["rlnDefocusU"]) == {15_200.0}
    assert set(particles["rlnDefocusV"]) == {14_800.0}
    optics = tables["optics"]
    assert float(optics["rlnMicrographPixelSize"].iloc[0]) == PIXEL_ANGSTROM
    named = star(files, "coordinates.star", tmp_path)["coordinate_files"]
    assert named["rlnMicrographCoordinates"].iloc[0] in files.namelist()
    note = files.read("read_me.txt").decode()
    assert note.startswith("SIMULATED")


def test_cryosparc_reads_fractions_of_the_micrograph(grid: Grid, tmp_path: Path) -> None:
    files = archive(grid, tmp_path, format=ExportFormat.CS)
    table = np.load(io.BytesIO(files.read("picked_particles.cs")))
    found = np.column_stack([table["location/center_x_frac"], table["location/center_y_frac"]])
    assert found * 512 == pytest.approx(np.array(PICKED), abs=1e-3)
    assert table["location/micrograph_shape"].tolist() == [[512, 512]] * 3
    assert len(set(table["uid"].tolist())) == 3


def test_a_box_file_names_corners(grid: Grid, tmp_path: Path) -> None:
    files = archive(grid, tmp_path, format=ExportFormat.BOX, box_px=64)
    name = next(one for one in files.namelist() if one.endswith(".box"))
    assert files.read(name).decode().splitlines()[0] == "68\t68\t64\t64"


def test_stacks_hold_bright_particles_in_their_middle(grid: Grid, tmp_path: Path) -> None:
    exposure = Exposure.objects.get()
    edit_picks(SETUP, exposure.pk, PickClicks(add=[(10, 250)]), version=None)
    files = archive(grid, tmp_path, format=ExportFormat.STACK, box_px=96, binning=2)
    tables = star(files, "particles.star", tmp_path)
    particles, optics = tables["particles"], tables["optics"]
    assert int(optics["rlnImageSize"].iloc[0]) == 48
    assert float(optics["rlnImagePixelSize"].iloc[0]) == 2 * PIXEL_ANGSTROM
    first = str(particles["rlnImageName"].iloc[0])
    place, _, name = first.partition("@")
    assert place == "000001"
    with mrcfile.open(files.extract(name, tmp_path)) as stack:
        boxes = np.array(stack.data)
        assert float(stack.voxel_size.x) == pytest.approx(2 * PIXEL_ANGSTROM)
    assert boxes.shape == (3, 48, 48)
    away = np.hypot(*(np.indices((48, 48)) - 24))
    for box in boxes:
        assert box[away < 8].mean() > 1.0
        assert box[away > 18].mean() == pytest.approx(0.0, abs=0.05)
        assert box[away > 18].std() == pytest.approx(1.0, abs=0.1)
    # the one added at the edge has no box, and that is said
    assert "1 particles too near an edge" in Export.objects.get().message
    assert Export.objects.get().particles == 3


def test_what_cannot_be_written_is_declined_with_the_reason(grid: Grid) -> None:
    with pytest.raises(InvalidInput):
        want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STACK, box_px=8))
    for _ in range(2):
        want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STAR))
    with pytest.raises(Conflict, match="2 of your files"):
        want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STAR))
    Exposure.objects.update(particles=0)
    with pytest.raises(Conflict, match="nothing to write"):
        want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STAR))


def test_a_killed_worker_leaves_it_to_the_next_and_three_of_them_end_it(
    grid: Grid, tmp_path: Path
) -> None:
    export = want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STAR))
    for _ in range(3):
        assert begin_work(Export, export.pk) is not None
        assert begin_work(Export, export.pk) is None
        Export.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    run_export(export.pk)
    export.refresh_from_db()
    assert export.state == "dead"
    assert Event.objects.filter(kind="export.failed").count() == 1


def test_a_lost_picture_ends_a_stack_with_the_reason(grid: Grid, tmp_path: Path) -> None:
    Session.objects.update(simulated=False)
    export = want_export(SETUP, grid.pk, ExportAsked(format=ExportFormat.STACK))
    for path in (tmp_path / "files").rglob("*sum*/*.mrc"):
        path.unlink()
    run_export(export.pk)
    export.refresh_from_db()
    assert export.state == "dead"
    assert export.message
    assert not list((tmp_path / "files").rglob("*.zip"))
