"""An admin says how long files are kept, sees what would go, has it removed and cancels that."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SignIn
from tests.browser.served import Site
from tests.browser.test_admin import STAFF

OLD = """
from datetime import date, timedelta
from django.utils import timezone
from smartscope.models import Grid, Image, Session
of = Session.objects.order_by("created_at").first()
long_ago = timezone.now() - timedelta(days=400)
old = Session.objects.create(name="20251018_old", date=date(2025, 10, 18), group=of.group,
    microscope=of.microscope, detector=of.detector)
grid = Grid.objects.create(session=old, slug="g01", position=1, name="old")
Image.objects.create(grid=grid, kind="movie", key="old/movie.tif", sha256="0" * 64,
    bytes=3_000_000_000, width_px=5760, height_px=4092, pixel_size_angstrom=1.0, taken_at_s=1.0)
Session.objects.filter(pk=old.pk).update(created_at=long_ago)
Image.objects.filter(grid=grid).update(created_at=long_ago)
"""
FORGET = """
from smartscope.models import Clearing, Grid, Image, Retention, Session
old = Session.objects.filter(name="20251018_old")
Image.objects.filter(grid__session__in=old).delete()
Grid.objects.filter(session__in=old).delete()
old.delete()
Clearing.objects.all().delete()
Retention.objects.all().delete()
"""


def test_what_would_go_is_seen_before_it_is_ordered_and_may_be_cancelled(
    sign_in: SignIn, site: Site
) -> None:
    site.python(STAFF.format(True))
    site.python(OLD)
    try:
        page = sign_in("facility/admin", as_="second")
        panel = page.get_by_role("region", name="How long files are kept")
        expect(panel).to_contain_text("Movies are kept for ever, all other images for ever")
        expect(panel).to_contain_text("No file is older than that.")
        panel.get_by_role("button", name="Change").click()
        panel.get_by_label("Movies, days").fill("90")
        panel.get_by_label("also files that no backup's list names").check()
        panel.get_by_role("button", name="Save").click()
        expect(panel).to_contain_text("Movies are kept 90 days, all other images for ever")
        expect(panel.get_by_role("table")).to_contain_text("1 file, 3.0 GB and their tiles")
        expect(panel.get_by_role("row").filter(has_text="20251018_old")).to_contain_text("3.0 GB")
        assert_accessible(page)
        panel.get_by_role("button", name="Remove these files").click()
        panel.get_by_role("button", name="Click again: files that are gone").click()
        ordered = panel.get_by_role("listitem")
        expect(ordered).to_contain_text("0 of 1 file removed")
        expect(panel.get_by_role("button", name="Remove these files")).to_have_count(0)
        ordered.get_by_role("button", name="Cancel").click()
        ordered.get_by_role("button", name="Click again to cancel").click()
        expect(ordered).to_contain_text("cancelled: 0 of 1 file removed")
        other = sign_in("facility/admin")
        panel = other.get_by_role("region", name="How long files are kept")
        expect(panel).to_contain_text("Movies are kept 90 days")
        expect(panel.get_by_role("button")).to_have_count(0)
    finally:
        site.python(FORGET)
        site.python(STAFF.format(False))
