"""Budgets of what is read: a file beyond them is refused before anything is allocated."""

from __future__ import annotations

from typing import Final

MAX_SIDE_PX: Final = 32_768
MAX_IMAGE_PX: Final = 200_000_000
MAX_FRAMES: Final = 4_096
# Event lists come at hundreds a second.
MAX_EER_FRAMES: Final = 65_536
MAX_EXTENDED_HEADER_BYTES: Final = 64 * 1024 * 1024
MAX_EXPANSION: Final = 200
# A flat picture packs better than any bomb must; so many pixels do no harm.
HARMLESS_PX: Final = 16_777_216
MAX_METADATA_BYTES: Final = 64 * 1024 * 1024
