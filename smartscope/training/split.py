"""To which part of the data a grid belongs: training, tuning or testing, decided once by its id."""

from __future__ import annotations

import hashlib
from enum import StrEnum

TUNE_SHARE = 0.1
TEST_SHARE = 0.1


class Split(StrEnum):
    """What the images of a grid may be used for."""

    TRAIN = "train"
    TUNE = "tune"
    TEST = "test"


def split_of(grid_id: str) -> Split:
    """The part a grid belongs to, for ever: BLAKE2b of its id, a tenth each to tune and test.

    Whole grids are split, never images: two squares of one grid share ice, dirt and film.
    """
    digest = hashlib.blake2b(grid_id.encode(), digest_size=8, person=b"split").digest()
    share = int.from_bytes(digest, "little") / 2.0**64
    if share < TEST_SHARE:
        return Split.TEST
    return Split.TUNE if share < TEST_SHARE + TUNE_SHARE else Split.TRAIN
