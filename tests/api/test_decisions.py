"""Decisions with what people changed of them and how they turned out."""

from __future__ import annotations

from itertools import product

from smartscope.domain.ranking import Exposed, usable
from smartscope.models import Exposure, Hole
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1/decisions"


def slugs(as_: As, query: str, person: str = "viewer") -> list[str]:
    found = as_(person).get(f"{API}?{query}").json()["results"]
    return sorted(one["slug"] for one in found)


def test_what_was_chosen_says_why_and_what_came_of_it(as_: As, world: World) -> None:
    world.ours.group.chosen_because = "thinnest ice of cluster 2"
    world.ours.group.save()
    found = as_("viewer").get(f"{API}?sort=created_at").json()["results"]
    assert [one["slug"] for one in found] == ["g01-s1-h1", "g01-s1-h2", "g01-s1-h3"]
    assert found[0]["chosen_because"] == "thinnest ice of cluster 2"
    assert (found[0]["outcome"]["ctf_fit_angstrom"], found[0]["outcome"]["fault"]) == (4.1, "")
    assert found[1]["outcome"] is None
    assert slugs(as_, f"session={world.ours.session.pk}", "stranger") == []


def test_what_people_decided_otherwise_is_an_override(as_: As, world: World) -> None:
    assert slugs(as_, "override=true") == []
    for number, wanted in ((2, {"label": "bad"}), (3, {"queue": True}), (4, {"skip": True})):
        body = {"ids": [str(world.ours.holes[number].pk)], "set": wanted}
        assert as_("member").post("/api/v1/holes/bulk", body).status_code == 200
    assert slugs(as_, "override=true") == ["g01-s1-h3", "g01-s1-h4", "g01-s1-h5"]
    assert slugs(as_, "override=false") == ["g01-s1-h1", "g01-s1-h2"]


CASES = list(
    product(
        ("", "good", "bad"),
        (None, 50.0),
        (None, 5.0, 50.0, 500.0),
        (None, 4.0, 9.0),
        ("", "no rings"),
    )
)


def test_a_surprise_is_what_the_ranking_calls_no_success(as_: As, world: World) -> None:
    for label, drift, ice, ctf, refusal in CASES:
        Exposure.objects.filter(pk=world.ours.exposure.pk).update(
            label=label,
            drift_total_angstrom=drift,
            ice_thickness_nm=ice,
            ctf_fit_angstrom=ctf,
            ctf_refusal=refusal,
        )
        exposed = Exposed(label, drift, ice, ctf, bool(refusal))
        good = usable(exposed, ice_range_nm=(10.0, 100.0))
        expected = [] if good else ["g01-s1-h1"]
        assert slugs(as_, "surprise=true") == expected, exposed


def test_what_a_person_queued_surprises_nobody(as_: As, world: World) -> None:
    Exposure.objects.filter(pk=world.ours.exposure.pk).update(ctf_fit_angstrom=20.0)
    Hole.objects.filter(pk=world.ours.holes[0].pk).update(queued_by_person=True)
    assert slugs(as_, "surprise=true") == []
