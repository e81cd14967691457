"""Where the optional data folder beside the checkout is; benchmarks say so when it is absent."""

from __future__ import annotations

import os
from pathlib import Path


def shared_data() -> Path | None:
    """The folder named by SMARTSCOPE_SHARED_DATA, else ../shared/data; `None` when there is
    none.
    """
    named = os.environ.get("SMARTSCOPE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None
