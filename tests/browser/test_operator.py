"""What an operator asks at three in the morning: what it does, what comes next, what went wrong."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site


def test_card_microscope_and_session_say_what_it_does_and_what_comes_next(
    sign_in: SignIn, site: Site
) -> None:
    page = sign_in()
    for path in ("now", "m/Krios%201", f"s/{SESSION}"):
        page.goto(f"{site.address}{path}")
        now = page.get_by_label("What it does")
        expect(now).to_contain_text("Exposing a group of holes of grid rib-2: 2 of 3 images.")
        expect(now).to_contain_text(re.compile(r"for \d+.(s|min)"))
        expect(now).to_contain_text(
            re.compile(r"Next, after this step: (expose \d+ holes? in|image) square \d+")
        )
        expect(page.get_by_text("Simulated data").first).to_be_visible()


def test_the_journal_is_filtered_opened_and_taken_away(sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in(f"s/{SESSION}/journal")
    table = page.get_by_role("table", name="Steps, newest first")
    expect(table.get_by_role("row")).to_have_count(22)
    page.get_by_label("How they ended").select_option("Failed")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("AutofocusFailed: no defocus was found beside the group")
    page.get_by_label("How they ended").select_option("Lost")
    expect(table.get_by_role("row").filter(has_text="1 lost")).to_have_count(1)
    expect(table.get_by_role("row")).to_have_count(2)
    table.get_by_title("Its images").click()
    expect(table).to_contain_text("perhaps given")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "journal.csv")
    lines = list(csv.DictReader((tmp_path / "journal.csv").read_text().splitlines()))
    assert {line["state"] for line in lines} == {"lost"}
    assert [line["item_state"] for line in lines].count("lost") == 1
    assert {line["epoch"] for line in lines} == {"4"}


def test_the_dose_of_a_hole_is_summed_and_what_is_uncertain_is_flagged(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/journal")
    page.get_by_label("How they ended").select_option("Lost")
    expect(page.get_by_title("Its images")).to_have_count(1)
    page.get_by_title("Its images").click()
    lost = page.get_by_role("listitem").filter(has_text="perhaps given")
    lost.get_by_role("link").click()
    page.get_by_role("button", name="Dose", exact=True).click()
    pane = page.get_by_role("region", name=re.compile("^Hole "))
    expect(pane).to_contain_text(re.compile(r"perhaps 40\.2.e/Å² more"))
    doses = pane.get_by_role("table")
    expect(doses).to_contain_text("View of the group")
    expect(doses).to_contain_text("Exposure (perhaps)")
    expect(doses).to_contain_text("Atlas")
    page.get_by_role("button", name="Doses").click()
    expect(page.get_by_role("region", name="Dose of the grid")).to_contain_text("Summed over")
