"""A site's own networks: proven, registered once, one active at a time, passed over when broken."""

from __future__ import annotations

import logging
from importlib.resources import files
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import IllegalTransition, InvalidInput, NotFound
from smartscope.models import Event, TrainedNetwork
from smartscope.models.ids import uuid7
from smartscope.operations.activate_network import activate_network, retire_network
from smartscope.operations.register_network import register_network
from smartscope.storage.current import current_store
from workers.analyses.finders import finders_of

pytestmark = pytest.mark.django_db
SHIPPED = files("smartscope.analysis.networks") / "weights" / "network_holes.onnx"
CHAIN = ("network-holes", "classical-holes")


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: Settings) -> None:
    store = tmp_path / "store"
    store.mkdir()
    settings.SMARTSCOPE_STORAGE_URL = store.as_uri()


def trained(folder: Path, word: bytes) -> Path:
    """The shipped graph with a remark of its own: another file of the same answers."""
    file = folder / f"{word.decode()}.onnx"
    file.write_bytes(SHIPPED.read_bytes() + b"\x32" + bytes([len(word)]) + word)
    return file


def registered(folder: Path, word: bytes) -> TrainedNetwork:
    return register_network(
        SETUP, plugin="network-holes", file=trained(folder, word), metrics={"recall": 0.9}
    )


def used() -> list[str]:
    return [
        one if isinstance(one, str) else one.manifest.weights.sha256  # type: ignore[union-attr]
        for one in finders_of(CHAIN)
    ]


def test_a_candidate_is_stored_and_not_used(tmp_path: Path) -> None:
    network = registered(tmp_path, b"first")
    assert network.state == "candidate"
    assert current_store().sha256(network.key) == network.sha256
    assert used() == list(CHAIN)


def test_the_same_bytes_are_registered_once(tmp_path: Path) -> None:
    assert registered(tmp_path, b"first").pk == registered(tmp_path, b"first").pk
    assert Event.objects.filter(kind="network.registered").count() == 1


def test_the_active_one_looks_before_the_shipped_one(tmp_path: Path) -> None:
    first, second = registered(tmp_path, b"first"), registered(tmp_path, b"second")
    activate_network(SETUP, first.pk)
    assert used() == [first.sha256, *CHAIN]
    activate_network(SETUP, second.pk)
    assert used() == [second.sha256, *CHAIN]
    first.refresh_from_db()
    assert first.state == "retired"
    activate_network(SETUP, first.pk)
    assert used() == [first.sha256, *CHAIN]
    retire_network(SETUP, first.pk)
    assert used() == list(CHAIN)
    kinds = Event.objects.filter(kind__startswith="network.").values_list("kind", flat=True)
    assert sorted(kinds) == ["network.activated"] * 3 + ["network.registered"] * 2 + [
        "network.retired"
    ]


def test_a_file_changed_in_storage_is_not_used_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = registered(tmp_path, b"third")
    activate_network(SETUP, network.pk)
    current_store().write_atomic(network.key, lambda stream: stream.write(b"something else"))
    with caplog.at_level(logging.ERROR):
        assert used() == list(CHAIN)
    assert "was registered" in caplog.text


def test_what_cannot_be_used_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no graph")
    for plugin, file in (
        ("network-holes", text),
        ("network-holes", tmp_path / "gone.onnx"),
        ("classical-holes", trained(tmp_path, b"x")),
        ("nobody", trained(tmp_path, b"x")),
    ):
        with pytest.raises(InvalidInput):
            register_network(SETUP, plugin=plugin, file=file, metrics={})
    assert not TrainedNetwork.objects.exists()


def test_illegal_moves_are_refused(tmp_path: Path) -> None:
    network = registered(tmp_path, b"first")
    activate_network(SETUP, network.pk)
    with pytest.raises(IllegalTransition):
        activate_network(SETUP, network.pk)
    with pytest.raises(NotFound):
        retire_network(SETUP, uuid7())


def test_the_command_lists_registers_and_activates(tmp_path: Path) -> None:
    said = StringIO()
    file, metrics = trained(tmp_path, b"by hand"), tmp_path / "metrics.json"
    metrics.write_text('{"recall": 0.93}')
    call_command(
        "networks",
        "register",
        str(file),
        plugin="network-holes",
        metrics=metrics,
        stdout=said,
    )
    network = TrainedNetwork.objects.get()
    call_command("networks", "activate", network.sha256[:8], stdout=said)
    call_command("networks", "list", stdout=said)
    assert "recall 0.93" in said.getvalue()
    assert "No weights come with yolo-holes" in said.getvalue()
    call_command("networks", "retire", network.sha256, stdout=said)
    with pytest.raises(CommandError, match="names 0 registered"):
        call_command("networks", "activate", "ffffffff")
