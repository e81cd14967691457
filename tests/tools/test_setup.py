"""An environment that cannot be used is made anew and said so; a sound one is left as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup
from tools.setup import made_by_another, ready, stamp, unusable, uv_settings


@pytest.fixture
def half_made(tmp_path: Path) -> Path:
    """What `python -m venv` leaves behind where ensurepip is missing."""
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    return venv


def is_said_to_be_from(venv: Path, *, executable: str, version: str) -> None:
    (venv / "pyvenv.cfg").write_text(f"version = {version}\nexecutable = {executable}\n")


def test_a_half_made_environment_is_found_and_made_anew(
    half_made: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (half_made / "left-over").touch()
    assert ready(half_made, chosen=False)
    said = capfd.readouterr().out
    assert ".venv is only half made: pip is missing or does not start; it is made anew." in said
    assert unusable(half_made) == ""
    assert not (half_made / "left-over").exists()


def test_a_sound_environment_is_kept_whatever_the_default_python_is(half_made: Path) -> None:
    (half_made / "lib" / f"python3.{sys.version_info[1]}" / "site-packages" / "pip").mkdir()
    is_said_to_be_from(half_made, executable="another/python", version="3.14.0")
    assert ready(half_made, chosen=False)
    assert (half_made / "pyvenv.cfg").read_text().startswith("version = 3.14.0")


def test_a_python_that_was_chosen_is_noticed(half_made: Path) -> None:
    assert made_by_another(half_made) == ""
    is_said_to_be_from(half_made, executable="another/python", version="3.14.0")
    said = made_by_another(half_made)
    assert said.startswith("was made with Python 3.14.0 (another/python), not with")


def test_a_chosen_python_makes_the_first_environment_too(tmp_path: Path) -> None:
    assert ready(tmp_path / ".venv", chosen=True)
    assert unusable(tmp_path / ".venv") == ""
    assert made_by_another(tmp_path / ".venv") == ""


def test_an_environment_whose_python_was_removed_is_found(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(tmp_path / "gone")
    assert "the one it was made with is gone" in unusable(tmp_path)
    assert unusable(tmp_path / "none") == ""


def test_a_python_that_can_make_none_says_so_and_removes_nothing(
    half_made: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "OLDEST_PYTHON", (9, 9))
    assert not ready(half_made, chosen=True)
    assert "needs 3.11 or newer" in capfd.readouterr().out
    assert half_made.exists()


def test_every_source_that_pip_is_configured_with_reaches_the_faster_installer(
    tmp_path: Path,
) -> None:
    settings = uv_settings(
        {
            "index-url": "https://one.example/simple",
            "extra-index-url": "https://two.example/simple https://three.example/simple",
            "find-links": f"{tmp_path} https://four.example/wheels",
            "cert": "ca.pem",
            "trusted-host": "one.example",
            "default-timeout": "180",
        }
    )
    assert settings == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://one.example/simple",
        "UV_INDEX": "https://two.example/simple https://three.example/simple",
        "UV_FIND_LINKS": f"{tmp_path},https://four.example/wheels",
        "SSL_CERT_FILE": "ca.pem",
        "UV_INSECURE_HOST": "one.example",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_a_directory_of_packages_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert "UV_FIND_LINKS" not in uv_settings({"find-links": str(tmp_path / "gone")})


def test_the_stamp_follows_the_python_of_the_environment(half_made: Path) -> None:
    before = stamp(half_made)
    assert stamp(half_made) == before
    is_said_to_be_from(half_made, executable="another/python", version="3.14.0")
    assert stamp(half_made) != before
