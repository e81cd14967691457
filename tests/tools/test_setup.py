"""The installer is told what pip knows, and a second run has nothing to do."""

from __future__ import annotations

from pathlib import Path

from tools.setup import stamp, uv_settings


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


def test_the_same_requirements_give_the_same_stamp() -> None:
    assert stamp() == stamp()
