"""What holds for every page: below any prefix, in both themes, on a phone, for a mere viewer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Request

from tests.browser.accessible import COLOURS, grave_findings
from tests.browser.conftest import SignIn
from tests.browser.every_page import EVERY_PAGE, opened
from tests.browser.served import Site

PHONE_PX = 360
SHADE = "(theme) => { document.documentElement.dataset.theme = theme; }"
SAFE = ("GET", "HEAD", "OPTIONS")
#: what a viewer may press without changing anything for anybody, or must not be pressed here
LEFT_ALONE = ("Emergency stop", "Jo Lind")
#: every button that can be seen and pressed, whatever it opens; how many were pressed
PRESS = """async (leftAlone) => {
    const seen = (button) => button.checkVisibility({ visibilityProperty: true });
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const found = [...document.querySelectorAll("button:not(tbody button.mono)")];
    let pressed = 0;
    for (const button of found) {
        const name = button.innerText || button.ariaLabel || "";
        if (!button.isConnected || button.disabled || !seen(button)) continue;
        if (leftAlone.some((left) => name.includes(left))) continue;
        button.click();
        pressed += 1;
        await frame();
        const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true });
        (document.activeElement ?? document.body).dispatchEvent(escape);
        document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
        await frame();
    }
    return pressed;
}"""


@pytest.mark.timeout(900)
def test_every_page_works_below_a_prefix_in_both_themes_and_on_a_phone(
    sign_in: SignIn, below: Site
) -> None:
    page = sign_in(at=below, expected=(r"status of 403",))  # facility pages are not for everybody
    wrong = []
    for name, path in EVERY_PAGE.items():
        opened(page, f"{below.address}{path}")
        for theme, rules in (("dark", ()), ("light", COLOURS)):
            page.evaluate(SHADE, theme)
            wrong += [f"{name}, {theme}: {found}" for found in grave_findings(page, *rules)]
        page.set_viewport_size({"width": PHONE_PX, "height": 740})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > PHONE_PX:
            wrong.append(f"{name}: {wide} px wide on a phone of {PHONE_PX} px")
        page.set_viewport_size({"width": 1440, "height": 900})
    assert not wrong, "\n".join(wrong)
    page.context.close()


@pytest.mark.timeout(900)
def test_nothing_that_a_viewer_may_press_asks_for_a_change(sign_in: SignIn, site: Site) -> None:
    page = sign_in(as_="viewer", expected=(r"status of 403",))
    changes: list[str] = []
    pressed = 0
    page.on("request", lambda request: changes.extend(_change(request)))
    for path in EVERY_PAGE.values():
        opened(page, f"{site.address}{path}")
        if "/g/" in path:
            page.get_by_role("region", name="Atlas").get_by_role("button", name="Table").click()
            page.locator("tbody tr").first.click()
        pressed += page.evaluate(PRESS, list(LEFT_ALONE))
    page.wait_for_load_state("networkidle")
    assert pressed > len(EVERY_PAGE), "there are buttons on most pages"
    assert not changes, f"a viewer's page asked for {changes}"


#: as a script with the viewer's own rights would ask: kind of row, method, path, body
ASKED = (
    ("squares/bulk", "POST", {"ids": [], "set": {"label": "good"}, "mode": "best_effort"}),
    ("holes/bulk", "POST", {"ids": [], "set": {"queue": True}, "mode": "best_effort"}),
    ("grids/bulk", "POST", {"ids": [], "set": {"skip": True}, "mode": "best_effort"}),
)
REFUSED = """async ([path, method, body]) => {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const key = crypto.randomUUID();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token,
        "Idempotency-Key": key, "If-Match": '"1"' };
    return (await fetch(`api/v1/${path}`, { method, headers, body: JSON.stringify(body) })).status;
}"""
IDS = """async () => {
    const ask = async (path) => (await (await fetch(`api/v1/${path}`)).json()).results[0].id;
    return { square: await ask("squares?limit=1"), hole: await ask("holes?limit=1"),
        grid: await ask("grids?limit=1"), microscope: await ask("microscopes?limit=1"),
        session: await ask("sessions?limit=1") };
}"""


def test_the_api_refuses_a_viewer_what_the_page_does_not_offer(sign_in: SignIn) -> None:
    page = sign_in(as_="viewer", expected=(r"status of 403",))
    ids = page.evaluate(IDS)
    start = {"type": "start", "arguments": {"session": ids["session"]}}
    asked = [
        (path, method, body | {"ids": [ids[path.split("s/")[0]]]}) for path, method, body in ASKED
    ] + [
        (f"grids/{ids['grid']}", "PATCH", {"verdict": "collect"}),
        (f"sessions/{ids['session']}", "PATCH", {"squares_per_grid": 3}),
        (f"microscopes/{ids['microscope']}/commands", "POST", start),
        (f"microscopes/{ids['microscope']}/driver-lease", "PUT", {}),
    ]
    answers = {
        f"{method} {path.split('/')[0]}": page.evaluate(REFUSED, [path, method, body])
        for path, method, body in asked
    }
    assert answers == dict.fromkeys(answers, 403)


def _change(request: Request) -> list[str]:
    return [] if request.method in SAFE else [f"{request.method} {request.url}"]
