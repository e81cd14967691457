"""One setting chooses the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import override_settings

from smartscope.domain.errors import InvalidInput
from smartscope.storage.current import current_store, store_at
from smartscope.storage.local import LocalStore


def test_a_file_url_is_a_directory_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    store = store_at(folder.as_uri())
    assert isinstance(store, LocalStore)
    assert store.root_url == folder.as_uri()


def test_the_setting_names_the_current_store(tmp_path: Path) -> None:
    with override_settings(SMARTSCOPE_STORAGE_URL=tmp_path.as_uri()):
        assert current_store().root_url == tmp_path.as_uri()


@pytest.mark.parametrize(
    "url", ["", "/var/data", "file://host/share", "file://", "ftp://x/y", "s3:///prefix"]
)
def test_a_url_of_no_known_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="SMARTSCOPE_STORAGE_URL"):
        store_at(url)
