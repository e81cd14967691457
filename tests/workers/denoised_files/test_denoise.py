"""`denoise` makes pictures that programs read of halves and movies, goes on and resumes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from smartscope.analysis.denoising import tuning
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.tiff import save_tiff_stack
from tests.analysis.denoising.noisy_pair import PIXEL_ANGSTROM, noisy_pair, of_truth
from tests.analysis.movies.moving_specimen import burst_and_drift, record


def denoise(folder: Path, *files: Path, **options: object) -> str:
    said = io.StringIO()
    call_command("denoise", *map(str, files), out=folder, stdout=said, **options)
    return said.getvalue()


def halves(folder: Path, name: str = "a") -> list[Path]:
    pair = noisy_pair(256)
    paths = [folder / f"{name}_even.mrc", folder / f"{name}_odd.mrc"]
    for path, pixels in zip(paths, (pair.even, pair.odd), strict=True):
        save_mrc(path, pixels, pixel_size_angstrom=PIXEL_ANGSTROM)
    return paths


def test_a_pair_becomes_a_picture_with_its_pixel_size(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = denoise(out, *halves(tmp_path))
    assert "a: care-p2p 1" in said
    with mrcfile.open(out / "a_denoised.mrc") as mrc:
        assert mrc.data is not None
        assert mrc.voxel_size.x == pytest.approx(PIXEL_ANGSTROM)
        clean = np.array(mrc.data)
    pair = noisy_pair(256)
    assert of_truth(clean, pair.truth)[0] > of_truth(pair.even + pair.odd, pair.truth)[0]
    record = json.loads((out / "a_denoised.json").read_text())
    assert (record["method"], record["tuned"]) == ("care-p2p", False)
    assert sorted(path.name for path in out.iterdir()) == ["a_denoised.json", "a_denoised.mrc"]


def test_a_movie_is_split_and_a_broken_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    out, movie, broken = tmp_path / "out", tmp_path / "m.tif", tmp_path / "bad.tif"
    made = record(burst_and_drift(6), shape=(256, 320), dose_per_frame=2.0, contrast=0.3, seed=1)
    save_tiff_stack(movie, made.movie.counts, lzw=True)
    broken.write_bytes(b"II*\0 and no more")
    asked = {"pixel_size": 1.2, "method": "wiener-halves"}
    with pytest.raises(CommandError, match="1 of 2 failed"):
        denoise(out, broken, movie, **asked)
    with mrcfile.open(out / "m_denoised.mrc") as mrc:
        assert mrc.data is not None
        assert mrc.data.shape == (256, 320)
    assert "m: done before" in denoise(out, movie, **asked)
    assert "m: care-p2p 1" in denoise(out, movie, pixel_size=1.2)
    (out / "m_denoised.mrc").unlink()
    assert "m: care-p2p 1" in denoise(out, movie, pixel_size=1.2)


def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    even, odd = halves(tmp_path)
    with pytest.raises(CommandError, match=r"a_even\.mrc has no other half"):
        denoise(out, even)
    other = tmp_path / "elsewhere"
    other.mkdir()
    with pytest.raises(CommandError, match="Several files are called a"):
        denoise(out, even, odd, *halves(other))
    with pytest.raises(CommandError, match="no network to teach"):
        denoise(out, even, odd, method="wiener-halves", network=even)
    with pytest.raises(CommandError, match="No such file"):
        denoise(out, even, odd, network=tmp_path / "absent.onnx")


def test_tuning_without_torch_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "find_spec", lambda _name: None)
    with pytest.raises(CommandError, match="Tuning needs torch and onnx"):
        denoise(tmp_path / "out", *halves(tmp_path), tune=True)


def test_a_tuned_network_is_kept_and_used_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "tuned_denoiser.onnx").write_bytes(tuning.shipped_graph())
    pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
    said = denoise(out, *halves(tmp_path), tune=True)
    assert "is there from before" in said
    assert json.loads((out / "a_denoised.json").read_text())["tuned"] is True
