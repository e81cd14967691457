"""Which file of trained numbers a plug-in uses, and the checksum without which it is not used."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Weights:
    """A file beside the plug-in's manifest and the SHA-256 (64 hex digits) of its bytes.

    An empty checksum says that no weights come with the plug-in: a site installs its own.
    """

    file: str
    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.file or self.file.startswith(("/", "..")):
            raise ValueError(f"weights.file is {self.file!r}; name a file beside the manifest")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise ValueError("weights.sha256 is not 64 lower-case hexadecimal digits")
