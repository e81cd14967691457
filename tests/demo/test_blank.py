"""Starting afresh: rows go, tables stay, and a cluster that does not start is no obstacle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from smartscope.demo import blank
from smartscope.demo.launcher import Launcher
from smartscope.demo.options import parse
from smartscope.demo.place import Place
from smartscope.servers.addresses import postgres_url
from smartscope.servers.children import Children
from smartscope.servers.opening import ServerPlan, sockets


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[ServerPlan]:
    place = Place(tmp_path / "demo")
    place.prepare()
    with sockets() as directory:
        yield ServerPlan.from_environment(
            {}, directory=place.servers, sockets=directory, durable=False
        )
    place.forget()


def tables(plan: ServerPlan) -> list[str]:
    with psycopg.connect(postgres_url(plan.sockets)) as database:
        rows = database.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname")
        return [name for (name,) in rows]


def make_table(plan: ServerPlan, name: str) -> None:
    with psycopg.connect(postgres_url(plan.sockets)) as database:
        database.execute(f"CREATE TABLE {name} (id int)")


def test_a_renewed_database_has_the_tables_that_were_kept_and_nothing_since(
    plan: ServerPlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Children() as children:
        plan.start(children)
        make_table(plan, "grid")
        blank.keep(plan.sockets)
        make_table(plan, "later")
        blank.renew(plan.sockets)
        assert tables(plan) == ["grid"]

        monkeypatch.setattr(blank, "MIGRATIONS", tmp_path / "others")
        blank.renew(plan.sockets)
        assert tables(plan) == [], "tables of other migrations are not taken"
        make_table(plan, "square")
        blank.keep(plan.sockets)
        blank.renew(plan.sockets)
        assert tables(plan) == ["square"]


def test_a_cluster_that_does_not_start_is_made_anew_when_afresh_was_asked(
    plan: ServerPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Children() as children:
        plan.start(children)
    launcher = Launcher(parse(["--fresh", "--directory", str(tmp_path / "demo")]))
    (launcher.place.cluster / "data" / "PG_VERSION").write_text("3\n")
    with Children() as children:
        launcher._start_servers(children, plan)
        assert tables(plan) == []
        assert [child.name for child in children.running()] == ["postgresql", "redis"]
    assert "a new one is made" in capsys.readouterr().out
