"""axe in the page: what stands in somebody's way who cannot see, point or tell colours apart.

axe-core comes out of `frontend/node_modules`, pinned there for tests only; it is put into the page
through the browser's debugger, so the page's own content policy stays as it is.
"""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.browser.served import ROOT

#: WCAG 2.2 at level AA and what its steps before asked
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
GRAVE = ("serious", "critical")
#: what a theme can change
COLOURS = ("color-contrast", "link-in-text-block")
RUN = """async ([type, values]) => {
    const { violations } = await axe.run(document, {
        runOnly: { type, values }, resultTypes: ["violations"],
    });
    return violations.map((one) => [one.impact, one.id, one.help,
        one.nodes.slice(0, 4).map((node) => `${node.target.join(" ")}: ${node.failureSummary}`)]);
}"""


@cache
def _source() -> str:
    return (ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def grave_findings(page: Page, *rules: str) -> list[str]:
    """What axe calls serious or critical on the page as it is now, one sentence each.

    Every rule of WCAG, or only the named ones of axe.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    asked = ["rule", list(rules)] if rules else ["tag", list(RULES)]
    return [
        f"{page.url}: {rule}: {help_} ({'; '.join(where)})"
        for impact, rule, help_, where in page.evaluate(RUN, asked)
        if impact in GRAVE
    ]


def assert_accessible(page: Page) -> None:
    """No serious finding on the page as it is now."""
    findings = grave_findings(page)
    assert not findings, "\n".join(findings)
