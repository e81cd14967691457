"""A real EPU session becomes one of ours: its squares beside our finders', nothing queued."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from smartscope.models import Analysis, Exposure, Hole, Session, Square

pytestmark = pytest.mark.django_db

FOLDER = Path(settings.SMARTSCOPE_SHARED_DATA) / "real" / "epu_session"


def test_a_real_session_is_searched_and_shown_and_never_queued() -> None:
    if not FOLDER.is_dir():
        pytest.skip("no real/epu_session in ../shared/data (SMARTSCOPE_SHARED_DATA names another)")
    call_command("import_epu", str(FOLDER), stdout=StringIO())
    session = Session.objects.get()
    assert (session.imported, session.simulated) == (True, False)
    assert Square.objects.filter(external=True).count() == 272 + 73
    ours = Square.objects.filter(external=False)
    assert ours.count() > 0.8 * (272 + 73)
    assert not ours.filter(status="queued").exists()
    assert Hole.objects.filter(model_label="hole").count() > 100
    assert Exposure.objects.count() == 1
    assert set(Analysis.objects.values_list("state", flat=True)) == {"done"}


def test_a_folder_without_a_session_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"0 EpuSession\.dm files; give a folder"):
        call_command("import_epu", str(tmp_path), stdout=StringIO())
    assert not Session.objects.exists()
