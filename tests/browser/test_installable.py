"""The page as an app on a phone: its manifest below any prefix, and no act that is sent late."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import LOST, SESSION, SignIn
from tests.browser.served import Site

#: what a browser reads of it, addresses made whole
MANIFEST = """async () => {
    const address = document.querySelector('link[rel="manifest"]').href;
    const answer = await fetch(address);
    const told = await answer.json();
    const whole = (path) => new URL(path, address).href;
    const seen = async ({ src, sizes, type, purpose }) => {
        const icon = await fetch(whole(src));
        const picture = await createImageBitmap(await icon.blob()).catch(() => null);
        return { type: icon.headers.get("Content-Type"), said: type, purpose, sizes,
            side: picture === null ? 0 : picture.width };
    };
    return { type: answer.headers.get("Content-Type"), name: told.name, display: told.display,
        start: whole(told.start_url), scope: whole(told.scope),
        icons: await Promise.all(told.icons.map(seen)) };
}"""


def test_a_phone_may_install_the_page_below_its_prefix(sign_in: SignIn, below: Site) -> None:
    page = sign_in("now", at=below, width=360, height=780)
    told: dict[str, Any] = page.evaluate(MANIFEST)
    assert told["type"].startswith("application/manifest+json")
    assert (told["name"], told["display"]) == ("smartscope", "standalone")
    assert (told["start"], told["scope"]) == (f"{below.address}now", below.address)
    assert all(icon["type"].startswith(icon["said"]) for icon in told["icons"])
    drawn = [icon for icon in told["icons"] if icon["said"] == "image/png"]
    assert all(icon["sizes"] == f"{icon['side']}x{icon['side']}" for icon in drawn)
    assert {icon["side"] for icon in drawn} == {192, 512}
    assert [icon for icon in drawn if icon.get("purpose") == "maskable"]
    browser = page.context.new_cdp_session(page)
    assert browser.send("Page.getAppManifest")["errors"] == []
    found = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # what tests open is private, and a private window installs nothing
    assert {one["errorId"] for one in found} <= {"in-incognito"}


def test_an_act_without_connection_is_refused_and_never_sent_late(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}", width=360, height=780, expected=LOST)
    verdict = page.get_by_label("Verdict on rib-4")
    expect(verdict).to_be_visible()
    before = verdict.input_value()
    page.context.set_offline(True)
    verdict.select_option("discard")
    expect(page.get_by_text("it is not sent again by itself").first).to_be_visible()
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.method))
    page.context.set_offline(False)
    expect(page.locator(".live")).to_contain_text(re.compile("live"))
    page.reload()
    expect(verdict).to_have_value(before)
    assert set(changes) == {"GET"}
