"""How many statements each read costs, as a golden file: a reviewer sees when that changes.

    ACCEPT_QUERY_COUNTS=1 pytest tests/api/test_query_counts.py

accepts a wanted change. No list costs more than five.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import As
from tests.api.world import World
from tests.permissions.every_route import LISTS, READS, scenery
from tests.permissions.test_every_route import QUERIES

GOLDEN = Path(__file__).with_name("query_counts.json")
ACCEPT = "ACCEPT_QUERY_COUNTS"
MOST_OF_A_LIST = 5
#: tables written out whole, and the log, which also says where it begins and ends
NOT_A_LIST = {"steps.csv", "steps.parquet", "events"}


def test_every_read_costs_what_it_always_did(as_: As, world: World) -> None:
    scene, client = scenery(world), as_("member")
    client.get("/api/v1/me")  # the first request of a sign-in also notes its age
    found = {}
    for route in READS:
        if route == "events/stream":
            continue
        path = scene.fill(route) + QUERIES.get(route, "")
        client.get(path)  # what is remembered for a moment is not counted
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        found[route] = len(captured)
    if os.environ.get(ACCEPT):
        GOLDEN.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    changed = {
        route: (golden.get(route), found.get(route))
        for route in golden.keys() | found.keys()
        if golden.get(route) != found.get(route)
    }
    assert not changed, f"before and now; {ACCEPT}=1 accepts: {changed}"
    dear = {route: found[route] for route in LISTS if route not in NOT_A_LIST}
    assert max(dear.values()) <= MOST_OF_A_LIST, dear
