"""Staff keep accounts in the page, see the age of the backup, and make a bundle for support."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SignIn
from tests.browser.served import Site

STAFF = (
    "from django.contrib.auth.models import User;"
    "User.objects.filter(username='second').update(is_staff={0}, is_superuser={0})"
)
FORGET = "from django.contrib.auth.models import User; User.objects.filter(username='new').delete()"


def test_an_admin_adds_a_person_whose_link_signs_in_and_shuts_them_out_again(
    sign_in: SignIn, site: Site
) -> None:
    site.python(STAFF.format(True))
    try:
        page = sign_in("facility/admin", as_="second")
        people = page.get_by_role("region", name="People")
        people.get_by_role("button", name="Add a person").click()
        form = people.get_by_role("form", name="A new person")
        form.get_by_label("Sign-in name").fill("new")
        form.get_by_label("Groups and roles").fill("Ribosome lab: king")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("viewer, member or lead")
        form.get_by_label("Groups and roles").fill("Ribosome lab: lead")
        form.get_by_label("Krios 1").select_option("operator, for any group")
        form.get_by_role("button", name="Save").click()
        row = people.get_by_role("row").filter(has_text="new")
        expect(row).to_contain_text("Ribosome lab: lead")
        expect(row).to_contain_text("Krios 1 (operator)")
        row.get_by_role("button", name="Sign-in link").click()
        row.get_by_role("button", name="Click again to make it").click()
        link = people.get_by_role("status").locator("code").inner_text()
        assert_accessible(page)
        guest = sign_in("", as_=None, expected=(r"status of 401",))
        guest.goto(link)
        guest.get_by_role("button").first.click()
        expect(guest.get_by_role("article", name="Krios 1")).to_be_visible()
        row.get_by_role("button", name="Change new").click()
        form = people.get_by_role("form", name="Account of new")
        form.get_by_label("May sign in").uncheck()
        form.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("disabled")
    finally:
        site.python(FORGET)
        site.python(STAFF.format(False))


def test_staff_save_a_bundle_and_others_see_only_the_backups_age(
    sign_in: SignIn, site: Site, tmp_path: Path
) -> None:
    site.python(STAFF.format(True))
    try:
        page = sign_in("facility/admin", as_="second")
        with page.expect_download() as saved:
            page.get_by_role("button", name="Make a support bundle").click()
        file = tmp_path / "bundle.json"
        saved.value.save_as(file)
        assert json.loads(file.read_text())["rows"]["Session"] >= 1
    finally:
        site.python(STAFF.format(False))
    other = sign_in("facility/admin")
    region = other.get_by_role("region", name="Backup and support")
    expect(region).to_contain_text("manage.py backup DIRECTORY")
    expect(other.get_by_role("button", name="Make a support bundle")).to_have_count(0)
    expect(other.get_by_role("region", name="People")).to_have_count(0)
