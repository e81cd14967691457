"""A night is planned: a pasted table with errors, a spreadsheet, a draft, what has not begun."""

from __future__ import annotations

import io
import re

from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SESSION, SignIn

TABLE = (
    "Slot\tGrid name\tSample\tFoil hole\tMaterial\tTilt\tFreezer\n"
    "1\tkin-1\tkinase\tR1.2/1.3\tCu\t0\tB\n"
    "2\tkin-2\tkinase\tR9/9\tAu\t70\tB\n"
    "4\t\tDDM\t1.2/1.3\tAu\t\tB\n"
    "5\tkin-5\tDDM\tR2/1\tCu\t\tB\n"
)
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def paste(page: Page, text: str) -> None:
    page.get_by_label("Paste a table here").focus()
    page.evaluate(PASTE, text)


def test_a_pasted_table_keeps_its_good_rows_and_says_what_is_wrong_in_which_cell(
    journey: SignIn,
) -> None:
    page = journey("plan", expected=(r"status of 409",))
    paste(page, TABLE)
    expect(page.get_by_text("Not read: Freezer")).to_be_visible()
    for cell, told in (
        ("Film, row 2", "not known"),
        ("Tilt °, row 2", "from -60 to 60"),
        ("Grid, row 3", "give the grid a name"),
    ):
        field = page.get_by_label(cell, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        said = field.get_attribute("aria-describedby")
        expect(page.locator(f"#{said}")).to_contain_text(told)
    expect(page.get_by_label("Material, row 1")).to_have_value("copper")

    name = page.get_by_label("Name", exact=True)
    name.fill(SESSION)
    page.get_by_role("button", name="Plan 2 grids, leave 2 rows in the draft").click()
    expect(name).to_have_accessible_description(re.compile("choose another name"))
    expect(name).to_be_focused()
    name.fill("20261121_kinase")
    page.get_by_role("button", name="Plan 2 grids, leave 2 rows in the draft").click()
    page.wait_for_url("**/s/20261121_kinase/plan")
    expect(page.get_by_label("Grid, row 1")).to_have_value("kin-1")
    expect(page.get_by_label("Grid, row 2")).to_have_value("kin-5")
    assert_accessible(page)
    preflight = page.get_by_role("region", name="Preflight")
    expect(preflight.get_by_role("region", name="Checks")).to_contain_text("disk")
    expect(preflight.get_by_role("region", name="Grids")).to_contain_text("kin-5")

    page.get_by_role("link", name="Plan a session").click()
    expect(page.get_by_label("Film, row 1")).to_have_value("R9/9")
    page.get_by_role("button", name="Clear the form").click()
    expect(page.get_by_label("Film, row 1")).to_have_count(0)


def test_a_form_half_filled_in_survives_a_reload(sign_in: SignIn) -> None:
    page = sign_in("plan")
    page.get_by_label("Name", exact=True).fill("20261121_half")
    page.get_by_role("button", name="Add a grid").click()
    page.get_by_label("Sample, row 1").fill("half a")
    page.get_by_label("Sample, row 1").press("Tab")
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("20261121_half")
    expect(page.get_by_label("Sample, row 1")).to_have_value("half a")
    page.get_by_role("button", name="Plan 1 grid").or_(
        page.get_by_role("button", name="Plan 0 grids")
    ).first.wait_for()


def test_a_spreadsheet_is_read_by_the_server_and_filled_down(sign_in: SignIn) -> None:
    page = sign_in("plan")
    expect(page.get_by_role("button", name="Read the loader")).to_be_enabled()
    book = Workbook()
    for row in (["slot", "name", "sample"], [3, "x-3", "ribosome"], [4, "x-4", None]):
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    page.get_by_label("A table's file").set_input_files(
        {"name": "cassette.xlsx", "mimeType": "application/zip", "buffer": file.getvalue()}
    )
    expect(page.get_by_label("Grid, row 2")).to_have_value("x-4")
    page.get_by_label("Sample, row 1").focus()
    page.keyboard.press("Control+d")
    expect(page.get_by_label("Sample, row 2")).to_have_value("ribosome")
    strange = {"name": "puck.csv", "mimeType": "text/csv", "buffer": b"puck;tin\n1;2\n"}
    page.get_by_label("A table's file").set_input_files(strange)  # type: ignore[arg-type]
    expect(page.get_by_role("alert")).to_contain_text("puck.csv has no column that is known here")
    expect(page.get_by_label("Grid, row 2")).to_have_value("x-4")


def test_what_has_not_begun_is_changed_during_a_run_and_the_rest_is_not(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/plan")
    expect(page.get_by_label("Sample, row 1")).to_be_disabled()
    field = page.get_by_label("Sample, row 4")
    expect(field).to_be_enabled()
    field.fill("ribosome, DDM, spun")
    field.press("Tab")
    other = sign_in(f"s/{SESSION}/plan", as_="second")
    theirs = other.get_by_label("Sample, row 4")
    theirs.fill("ribosome, LMNG")
    theirs.press("Tab")
    page.get_by_role("button", name="Save 1 grid").click()
    expect(page.get_by_text("1 grid changed")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Sample, row 4")).to_have_value("ribosome, DDM, spun")
    expect(other.get_by_text("meanwhile “ribosome, DDM, spun”; saving replaces it")).to_be_visible()
    expect(theirs).to_have_value("ribosome, LMNG")


def test_waiting_grids_change_places_by_keyboard_and_back_by_undo(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    coming = page.get_by_role("region", name="Next grids").get_by_role("listitem")
    expect(coming.first).to_contain_text("rib-3")
    page.get_by_role("button", name="rib-4, 2 of 2").press("Alt+ArrowUp")
    expect(coming.first).to_contain_text("rib-4")
    page.reload()
    expect(coming.first).to_contain_text("rib-4")
    page.get_by_role("button", name="rib-3, 2 of 2").press("Alt+ArrowUp")
    expect(coming.first).to_contain_text("rib-3")
