"""How long files are kept: who says so, what a dry run names, and what is never touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import Settings

from smartscope.analysis.previews.jpeg import preview_jpeg
from smartscope.analysis.previews.tiles import write_tiles
from smartscope.domain.actor import SETUP
from smartscope.models import (
    Analysis,
    Clearing,
    Event,
    Exposure,
    Hole,
    Image,
    Run,
    Session,
    Step,
)
from smartscope.operations import clear_files as batches
from smartscope.operations.note_backup import note_backup
from smartscope.storage.current import current_store
from tests.api.conftest import As
from tests.api.world import Scene, World
from workers.clearing import clear_files

API = "/api/v1"
AN_AGE = timedelta(days=400)
BYTES = 4_096


@pytest.fixture
def _store(settings: Settings, tmp_path: Path) -> None:
    settings.SMARTSCOPE_STORAGE_URL = tmp_path.as_uri()


@pytest.fixture
def old(world: World, _store: None) -> Scene:
    """A session that ended long ago, with a movie and an image on the disk; a backup knows both."""
    scene = world.theirs
    image(scene, "old/atlas.mrc", "atlas")
    image(scene, "old/movie.tif", "movie")
    age(scene)
    note_backup(SETUP, database_bytes=1, images=2)
    return scene


def image(scene: Scene, key: str, kind: str) -> Image:
    """A row with its file, its preview and its tiles."""
    pixels = np.random.default_rng(3).normal(size=(600, 700)).astype(np.float32)
    store = current_store()
    store.write_atomic(key, lambda out: out.write(b"x" * BYTES))
    store.write_atomic(f"{key}.zip", lambda out: write_tiles(out, pixels))
    store.write_atomic(f"{key}.jpg", lambda out: out.write(preview_jpeg(pixels)))
    return Image.objects.create(
        grid=scene.grid,
        kind=kind,
        key=key,
        sha256="0" * 64,
        bytes=BYTES,
        width_px=700,
        height_px=600,
        pixel_size_angstrom=1.0,
        taken_at_s=1.0,
        preview_key=f"{key}.jpg",
        tiles_key=f"{key}.zip",
    )


def age(scene: Scene) -> None:
    """All of it happened long ago."""
    long_ago = old_times()
    # the scene's own image has no file
    Image.objects.filter(pk=scene.image.pk).update(removed_at=long_ago)
    Session.objects.filter(pk=scene.session.pk).update(created_at=long_ago)
    Run.objects.filter(session=scene.session).update(updated_at=long_ago)
    Image.objects.filter(grid__session=scene.session).update(created_at=long_ago)


def old_times() -> Any:
    return timezone.now() - AN_AGE


def keep(as_: As, **changes: Any) -> Any:
    body = {"movies_days": 90, "images_days": None, "without_backup": False, **changes}
    answer = as_("admin").put(f"{API}/retention", body, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def order(as_: As, who: str = "admin") -> Any:
    return as_(who).post(f"{API}/clearings", headers={"Idempotency-Key": uuid4().hex})


def files(key: str) -> tuple[bool, bool, bool]:
    """Whether file, tiles and preview are there."""
    store = current_store()
    return store.exists(key), store.exists(f"{key}.zip"), store.exists(f"{key}.jpg")


def test_everything_is_kept_until_an_admin_says_otherwise(as_: As, old: Scene) -> None:
    told = as_("staff").get(f"{API}/retention").json()
    assert (told["movies_days"], told["images_days"], told["files"]) == (None, None, 0)
    body = {"movies_days": 90, "images_days": None, "without_backup": False}
    refused = as_("staff").put(f"{API}/retention", body, format="json")
    assert refused.status_code == 403
    short = as_("admin").put(f"{API}/retention", body | {"movies_days": 1}, format="json")
    assert short.status_code == 400
    assert short.json()["errors"][0]["path"] == "movies_days"


def test_a_dry_run_names_sessions_files_and_bytes_and_removes_nothing(as_: As, old: Scene) -> None:
    told = keep(as_)
    (session,) = told["sessions"]
    assert (session["name"], session["movies"], session["images"]) == (old.session.name, 1, 0)
    assert (told["files"], told["bytes"], told["kept_unlisted"]) == (1, BYTES, 0)
    assert keep(as_, images_days=30)["files"] == 2
    assert files("old/movie.tif") == files("old/atlas.mrc") == (True, True, True)
    assert as_("member").get(f"{API}/retention").json()["sessions"] == [], "theirs, not ours"
    assert as_("stranger").get(f"{API}/retention").json()["sessions"] == [
        {**session, "images": 1, "bytes": 2 * BYTES}
    ]


def test_an_admins_order_is_carried_out_and_only_files_go(as_: As, old: Scene) -> None:
    keep(as_)
    rows = (Exposure, Hole, Step, Image, Event)
    kept = [model.objects.count() for model in rows]
    clearing = Clearing.objects.get(pk=order(as_).json()["id"])
    clear_files(clearing.pk)
    clearing.refresh_from_db()
    assert (clearing.state, clearing.files_removed, clearing.bytes_removed) == ("done", 1, BYTES)
    assert files("old/movie.tif") == (False, False, True)
    assert files("old/atlas.mrc") == (True, True, True)
    movie = Image.objects.get(key="old/movie.tif")
    told = Event.objects.get(kind="image.removed")
    assert (told.subjects, told.session) == ([str(movie.pk)], old.session.pk)
    assert told.after == {
        "movies": 1, "images": 0, "bytes": BYTES, "clearing": str(clearing.pk)
    }  # fmt: skip
    # ordered, removed, done
    assert [model.objects.count() for model in rows] == [*kept[:4], kept[4] + 3]
    assert keep(as_)["files"] == 0
    assert order(as_).json()["code"] == "not_capable"


def test_what_is_gone_says_so_and_its_preview_stays(as_: As, old: Scene) -> None:
    keep(as_)
    clear_files(Clearing.objects.get(pk=order(as_).json()["id"]).pk)
    movie = Image.objects.get(key="old/movie.tif")
    client, base = as_("stranger"), f"{API}/images/{movie.pk}"
    shown = client.get(base).json()
    assert (shown["has_tiles"], shown["has_preview"]) == (False, True)
    assert shown["removed_at"] is not None
    for path in ("info.json", "0,0,512,512/512,512/0/default.jpg"):
        answer = client.get(f"{base}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (410, "removed")
        assert "keeps files for a limited time" in answer.json()["detail"]
    assert client.get(f"{base}/preview").content.startswith(b"\xff\xd8")
    Image.objects.filter(pk=movie.pk).update(preview_key="")
    never_made = client.get(f"{base}/preview")
    assert (never_made.status_code, never_made.json()["code"]) == (410, "removed")
    Exposure.objects.filter(pk=old.exposure.pk).update(movie=movie, frames=8, sum_image=movie)
    asked = client.post(
        f"{API}/exposures/{old.exposure.pk}/fine-sum", headers={"Idempotency-Key": uuid4().hex}
    )
    assert (asked.status_code, asked.json()["code"]) == (410, "removed")


def test_the_order_of_staff_waits_thirty_days_and_may_be_cancelled(as_: As, old: Scene) -> None:
    keep(as_)
    made = order(as_, "staff").json()
    clear_files(Clearing.objects.get().pk)
    assert files("old/movie.tif") == (True, True, True)
    assert order(as_).json()["code"] == "busy"
    Clearing.objects.update(not_before=timezone.now())
    cancelled = as_("staff").post(f"{API}/clearings/{made['id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    clear_files(Clearing.objects.get().pk)
    assert files("old/movie.tif") == (True, True, True)
    again = as_("staff").post(f"{API}/clearings/{made['id']}/cancel")
    assert again.json()["code"] == "illegal_transition"


def ask(as_: As, who: str, group: str = "theirs") -> Any:
    key = {"Idempotency-Key": uuid4().hex}
    return as_(who).post(f"{API}/clearings", {"group": group}, headers=key)


def answer(as_: As, who: str, clearing: Any, what: str) -> Any:
    return as_(who).post(f"{API}/clearings/{clearing['id']}/{what}")


def test_a_lead_asks_staff_approve_and_only_that_groups_files_go(
    as_: As, old: Scene, world: World
) -> None:
    image(world.ours, "ours/movie.tif", "movie")
    age(world.ours)
    Run.objects.filter(session=world.ours.session).update(state="done", updated_at=old_times())
    keep(as_, without_backup=True)
    made = ask(as_, "stranger").json()
    assert (made["state"], made["asked_by"], made["author"]) == ("asked", "stranger", None)
    assert (made["group"], made["files_expected"]) == ("theirs", 1)
    Clearing.objects.update(not_before=old_times())
    clear_files(Clearing.objects.get().pk)
    assert files("old/movie.tif") == (True, True, True), "nobody has approved it"
    assert ask(as_, "stranger").json()["code"] == "busy"
    approved = answer(as_, "staff", made, "approve").json()
    assert (approved["state"], approved["author"]) == ("waiting", "staff")
    clear_files(Clearing.objects.get().pk)
    assert files("old/movie.tif") == (True, True, True), "thirty days have not gone by"
    assert answer(as_, "admin", made, "approve").json()["code"] == "illegal_transition"
    Clearing.objects.update(not_before=timezone.now())
    clear_files(Clearing.objects.get().pk)
    assert Clearing.objects.get().state == "done"
    assert files("old/movie.tif") == (False, False, True)
    assert files("ours/movie.tif") == (True, True, True)
    kinds = Event.objects.filter(kind__startswith="clearing.").order_by("seq")
    assert list(kinds.values_list("kind", "actor_name")) == [
        ("clearing.asked", "stranger"),
        ("clearing.approved", "staff"),
        ("clearing.done", "staff"),
    ]


def test_an_admin_who_approves_does_not_wait(as_: As, old: Scene) -> None:
    keep(as_)
    made = ask(as_, "stranger").json()
    answer(as_, "admin", made, "approve")
    clear_files(Clearing.objects.get().pk)
    assert files("old/movie.tif") == (False, False, True)


def test_only_a_lead_asks_and_only_for_the_own_group(as_: As, old: Scene) -> None:
    keep(as_)
    assert ask(as_, "lead").status_code == 404, "another group's"
    for person in ("viewer", "member", "granted"):
        assert ask(as_, person, "ours").status_code == 403
    assert ask(as_, "lead", "ours").json()["code"] == "not_capable", "nothing of it is old"
    assert not Clearing.objects.exists()


def test_a_lead_sees_what_was_asked_for_the_group_and_may_take_it_back(as_: As, old: Scene) -> None:
    keep(as_)
    made = ask(as_, "stranger").json()
    shown = {who: as_(who).get(f"{API}/clearings").json() for who in ("stranger", "lead", "staff")}
    assert [len(one["results"]) for one in shown.values()] == [1, 0, 1]
    assert answer(as_, "lead", made, "cancel").status_code == 403
    assert answer(as_, "stranger", made, "approve").status_code == 403
    assert answer(as_, "stranger", made, "cancel").json()["state"] == "cancelled"
    assert answer(as_, "staff", made, "approve").json()["code"] == "illegal_transition"
    ordered = order(as_, "staff").json()
    assert answer(as_, "stranger", ordered, "cancel").status_code == 403


@pytest.mark.parametrize("state", ["queued", "running", "paused", "interrupted"])
def test_a_session_that_goes_on_is_never_touched(state: str, as_: As, old: Scene) -> None:
    keep(as_)
    clearing = order(as_).json()
    # taken up again after the order
    Run.objects.exclude(session=old.session).update(state="done")
    Run.objects.filter(session=old.session).update(state=state)
    clear_files(Clearing.objects.get(pk=clearing["id"]).pk)
    assert files("old/movie.tif") == (True, True, True)
    assert Clearing.objects.get().state == "done"


def test_what_no_backup_lists_or_somebody_reads_stays(as_: As, old: Scene) -> None:
    Event.objects.filter(kind="backup.made").delete()
    told = keep(as_)
    assert (told["files"], told["kept_unlisted"], told["last_backup_at"]) == (0, 1, None)
    assert keep(as_, without_backup=True)["files"] == 1
    movie = Image.objects.get(key="old/movie.tif")
    Analysis.objects.create(
        image=movie, kind="denoise", plugin="p", plugin_version="1", visible_at_s=0.0
    )
    assert keep(as_, without_backup=True)["files"] == 0


def test_a_killed_worker_leaves_no_file_behind_and_counts_nothing_twice(
    as_: As, old: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        image(old, f"old/more-{number}.tif", "movie")
    age(old)
    monkeypatch.setattr(batches, "BATCH", 2)
    keep(as_, without_backup=True)
    clearing = Clearing.objects.get(pk=order(as_).json()["id"])
    store, deleted = type(current_store()), 0
    really = store.delete

    def delete(self: Any, address: str) -> None:
        """The process dies at its sixth file."""
        nonlocal deleted
        deleted += 1
        if deleted == 6:
            raise KeyboardInterrupt
        really(self, address)

    monkeypatch.setattr(store, "delete", delete)
    with pytest.raises(KeyboardInterrupt):
        clear_files(clearing.pk)
    clear_files(clearing.pk)
    clearing.refresh_from_db()
    assert clearing.state == "running", "the dead one may still be at work"
    Clearing.objects.update(beat_at=timezone.now() - batches.SILENCE)
    clear_files(clearing.pk)
    clearing.refresh_from_db()
    assert (clearing.state, clearing.files_removed) == ("done", 6)
    assert clearing.bytes_removed == 6 * BYTES
    gone = ["old/movie.tif", *(f"old/more-{number}.tif" for number in range(5))]
    assert {files(key) for key in gone} == {(False, False, True)}
    told = Event.objects.filter(kind="image.removed").values_list("after", flat=True)
    assert sum(after["movies"] for after in told if after) == 6


def test_a_store_that_fails_is_tried_again_and_at_last_given_up(
    as_: As, old: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(as_)
    clearing = Clearing.objects.get(pk=order(as_).json()["id"])

    def delete(self: Any, address: str) -> None:
        raise OSError("the disk is read-only")

    monkeypatch.setattr(type(current_store()), "delete", delete)
    for _ in range(batches.MOST_ATTEMPTS):
        clear_files(clearing.pk)
    clearing.refresh_from_db()
    assert (clearing.state, clearing.message) == ("failed", "the disk is read-only")
    assert Event.objects.filter(kind="clearing.failed").count() == 1
    monkeypatch.undo()
    for number in range(2):
        image(old, f"old/more-{number}.tif", "movie")
    age(old)
    keep(as_, without_backup=True)
    clear_files(Clearing.objects.get(pk=order(as_).json()["id"]).pk)
    gone = ["old/movie.tif", "old/more-0.tif", "old/more-1.tif"]
    assert {files(key) for key in gone} == {(False, False, True)}
