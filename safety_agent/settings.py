"""What one agent is told: whom it watches, where the instrument is, and how long it waits."""

from __future__ import annotations

import os
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from smartscope import environment as env
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.safety_messages import require_key
from smartscope.microscope.safety_line import parse_address


class BadSettings(SmartscopeError):
    """The agent cannot watch with these settings; the message names the one to correct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds. All follow from the first, so that tests can scale them."""

    silence_s: float = 60.0

    @property
    def look_every_s(self) -> float:
        """How often the agent looks at the clock."""
        return self.silence_s / 60

    @property
    def ask_database_after_s(self) -> float:
        """Silence after which the lease is looked at: before it the bridge is known to live."""
        return self.silence_s / 2

    @property
    def database_gone_s(self) -> float:
        """How long the database must stay away to count as unreachable."""
        return self.silence_s / 6

    @property
    def still_s(self) -> float:
        """A lease that was not renewed for so long is dead: twice as long as one lives."""
        return self.silence_s / 2

    @property
    def database_limit_s(self) -> float:
        """One look at the database takes no longer."""
        return max(0.2, self.silence_s / 30)

    @property
    def close_limit_s(self) -> float:
        """One attempt to close the valves takes no longer; then people are paged as well."""
        return self.silence_s / 2

    @property
    def try_again_s(self) -> float:
        """Pause between two attempts."""
        return self.silence_s / 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`instrument` is SerialEM's host and port, `relay` a command of the site's own, if any."""

    microscope: str
    listen: tuple[str, int]
    key: bytes
    database_url: str
    instrument: tuple[str, int]
    state_file: Path
    page_urls: tuple[str, ...] = ()
    relay: tuple[str, ...] = ()
    times: Times = Times()


def read_settings(config: Path | None) -> Settings:
    """From the environment; what the TOML file `config` gives by the same names, wins.

    Raises BadSettings, BadEnvironment.
    """
    if config is not None:
        _into_environment(config)
    try:
        microscope = str(UUID(_required("SMARTSCOPE_AGENT_MICROSCOPE")))
    except ValueError as error:
        raise BadSettings(
            "SMARTSCOPE_AGENT_MICROSCOPE must be the microscope's id; the service's API shows it."
        ) from error
    return Settings(
        microscope=microscope,
        listen=parse_address(env.text("SMARTSCOPE_AGENT_LISTEN", "127.0.0.1:48900")),
        key=require_key(env.secret("SMARTSCOPE_AGENT_KEY")),
        database_url=env.secret("DATABASE_URL"),
        instrument=parse_address(_required("SMARTSCOPE_AGENT_INSTRUMENT")),
        state_file=Path(_required("SMARTSCOPE_AGENT_STATE")),
        page_urls=tuple(env.secret("SMARTSCOPE_AGENT_PAGE_URLS").split()),
        relay=tuple(shlex.split(env.text("SMARTSCOPE_AGENT_RELAY"))),
        times=Times(silence_s=env.number("SMARTSCOPE_AGENT_SILENCE_S", 60.0)),
    )


def _required(name: str) -> str:
    if not (value := env.text(name)):
        raise BadSettings(f"{name} is not set; docs/operator.md shows an agent's settings.")
    return value


def _into_environment(config: Path) -> None:
    try:
        given = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettings(f"{config} cannot be read: {error}") from error
    for name, value in given.items():
        if not isinstance(value, str | int | float):
            raise BadSettings(f"{config}: {name} must be a text or a number.")
        os.environ[name] = str(value)
