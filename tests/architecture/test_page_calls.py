"""The dashboard is the first client of the public API: it does nothing that a script cannot."""

from __future__ import annotations

import re

import yaml

from tests.architecture.page_calls import METHODS, ROOT, SOURCES, Call, page_calls

#: what `api/client.ts` alone may do: every other file goes through it
CLIENT = SOURCES / "api" / "client.ts"
BEGINS = "/api/v1/"


def documented() -> dict[str, list[str]]:
    """By method: the addresses of the committed description."""
    paths = yaml.safe_load((ROOT / "api" / "schema.yaml").read_text("utf-8"))["paths"]
    # the description and its readable form do not describe themselves
    found = {"get": ["schema", "docs"]}
    for path, operations in paths.items():
        for method in operations:
            found.setdefault(method, []).append(path.removeprefix(BEGINS))
    return found


def is_documented(call: Call, known: dict[str, list[str]]) -> bool:
    """A gap at the beginning may stand for any collection, another one for a single part."""
    pattern = "".join(
        (r"[^?]+" if place == 0 else r"[^/]+") if part == "{}" else re.escape(part)
        for place, part in enumerate(re.split(r"(?<=\})|(?=\{\})", call.address))
        if part
    )
    # a documented gap takes whatever the page puts there
    return any(
        re.fullmatch(pattern, path) is not None
        or re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), call.address) is not None
        for path in known[call.method]
    )


def test_every_act_of_the_page_is_a_documented_operation() -> None:
    calls, known = page_calls(), documented()
    assert len(calls) > 50, "the sources are no longer understood"
    assert {call.method for call in calls} == set(METHODS.values())
    unknown = [call for call in calls if not is_documented(call, known)]
    assert not unknown, "\n".join(f"{one.file}: {one.method} {one.text}" for one in unknown)


def test_nothing_of_the_page_goes_past_its_client() -> None:
    past = [
        str(file.relative_to(ROOT))
        for file in [*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.svelte")]
        if file != CLIENT
        and re.search(r"(?<![.\w])fetch\(|XMLHttpRequest|sendBeacon", file.read_text("utf-8"))
    ]
    assert not past, f"only api/client.ts speaks HTTP, not {past}"


def test_an_undocumented_call_is_found() -> None:
    known = documented()
    for method, address in (("post", "squares/{}/explode"), ("delete", "grids/{}"), ("get", "")):
        assert not is_documented(Call("some.svelte", method, address, address), known)
    for method, address in (("post", "{}/bulk"), ("get", "squares/{}"), ("post", "squares/bulk")):
        assert is_documented(Call("some.svelte", method, address, address), known)
