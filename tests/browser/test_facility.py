"""What keeps a facility going: rules of alerts, health and decisions on the page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import SESSION, SignIn


def test_a_rule_is_set_rests_and_is_taken_away(sign_in: SignIn) -> None:
    page = sign_in("alerts", expected=(r"status of 400",))
    rules = page.get_by_role("region", name="Rules")
    rules.get_by_role("button", name="Set a rule").click()
    rules.get_by_label("When").select_option("A value leaves its band")
    rules.get_by_label("Where").select_option(SESSION)
    rules.get_by_label("or over").fill("")
    rules.get_by_role("button", name="Set the rule").click()
    expect(rules.get_by_role("alert").first).to_contain_text("limit")
    rules.get_by_label("or over").fill("6")
    rules.get_by_role("button", name="Set the rule").click()
    row = rules.get_by_role("listitem").filter(has_text="when CTF fit is over 6.0")
    expect(row).to_contain_text("for 5 exposures in a row")
    row.get_by_role("button", name="Rest").click()
    expect(row.get_by_role("button", name="Watch again")).to_be_visible()
    away = row.get_by_role("button", name=re.compile("Take away|Click again"))
    away.click()
    away.click()
    expect(row).to_have_count(0)


def test_health_says_what_is_wrong_in_one_line_and_each_part_of_it(sign_in: SignIn) -> None:
    page = sign_in("facility/health")
    expect(page.get_by_role("status").filter(has_text="looked at every 10 s")).to_be_visible()
    services = page.get_by_role("region", name="Services")
    expect(services.get_by_role("listitem").filter(has_text="database")).to_contain_text("answers")
    expect(page.get_by_role("heading", name=re.compile("Krios 1"))).to_be_visible()


def test_a_persons_word_against_the_service_stands_among_the_overrides(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/decisions")
    decided = page.get_by_role("region", name="What was chosen, and how it turned out")
    expect(decided.get_by_role("row").nth(1)).to_contain_text("g0")
    decided.get_by_label("Which decisions").select_option("surprise")
    expect(decided.get_by_text("surprise:").or_(decided.get_by_text("None:")).first).to_be_visible()
    page.get_by_label("With these words").fill("created session")
    expect(page.get_by_text("operator created the session")).to_be_visible()
    page.get_by_label("With these words").fill("nobody ever wrote this")
    expect(page.get_by_text("Nothing here has these words")).to_be_visible()


def test_a_band_in_the_plots_becomes_a_rule_of_the_session(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live")
    page.get_by_label("Choose by").select_option("Ice thickness")
    page.get_by_label("Ice thickness to, nm").fill("90")
    page.get_by_role("button", name="Tell me outside this band").click()
    expect(page.get_by_text("You are told when ice thickness leaves this band")).to_be_visible()
    page.goto(page.url.split("/s/")[0] + "/alerts")
    rule = page.get_by_role("listitem").filter(has_text="when ice thickness is over 90")
    expect(rule).to_contain_text(SESSION)
    away = rule.get_by_role("button", name=re.compile("Take away|Click again"))
    away.click()
    away.click()
    expect(rule).to_have_count(0)
