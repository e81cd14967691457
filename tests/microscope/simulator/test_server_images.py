"""Images over the simulated SerialEM's socket, and what can go wrong with them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartscope.microscope.errors import ProtocolError
from smartscope.microscope.serialem import wire
from tests.microscope.simulator.hand import Bench, Closed, Hand, Silent, bench

RAMP = np.arange(40 * 64, dtype=np.uint16).reshape(40, 64)


def put(hand: Hand, pixels: np.ndarray[Any, Any], buffer: str = "T") -> None:
    """Put an image into a buffer, as a client does."""
    header = wire.header_of(pixels)
    request = wire.PutImageRequest(
        pixel_type=header.pixel_type,
        width=header.width,
        height=header.height,
        total_bytes=header.total_bytes,
        buffer=wire.buffer_number(buffer)[0],
        base=0,
    )
    hand.send(wire.encode_request(request))
    wire.decode_put_image_reply(hand.frame())
    hand.send(bytes(wire.rows_of(pixels)))


@pytest.fixture
def ramp(hand: Hand) -> Hand:
    """A client whose buffer T holds a ramp."""
    hand.ok_to_run()
    hand.call("NoMessageBoxOnError", 1)
    put(hand, RAMP)
    return hand


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_every_pixel_type_goes_in_and_comes_out(hand: Hand, dtype: str) -> None:
    pixels = (RAMP % 251).astype(dtype)
    put(hand, pixels, "C")
    got = hand.image("C")
    assert got.dtype == pixels.dtype
    assert np.array_equal(got, pixels)
    assert hand.numbers("ImageProperties", "C")[:2] == (64.0, 40.0)


def test_a_put_image_that_makes_no_sense_is_refused(hand: Hand) -> None:
    request = wire.PutImageRequest(
        pixel_type=6, width=64, height=40, total_bytes=11, buffer=3, base=0
    )
    hand.send(wire.encode_request(request))
    assert hand.status() == wire.Status.WRONG_LENGTH
    assert hand.call("ReportClock")


def test_an_empty_buffer_has_no_image(ramp: Hand) -> None:
    assert ramp.header("B").empty
    assert "no image" in ramp.fails("ImageProperties", "B")


def test_a_power_spectrum_is_made_on_request(ramp: Hand) -> None:
    ramp.call("Copy", "T", "C")
    spectrum = ramp.image("CF")
    assert spectrum.shape == RAMP.shape
    assert spectrum.dtype == np.float32


def faulted(ramp: Hand, served: Bench, kind: str, **parameters: Any) -> Hand:
    served.control.faults([{"kind": kind, "nth": 1, "parameters": parameters}])
    return ramp


def test_padded_rows_are_told_in_the_header(ramp: Hand, served: Bench) -> None:
    assert np.array_equal(faulted(ramp, served, "padded_rows", bytes=10).image("T"), RAMP)


def test_an_image_in_chunks_waits_for_each_handshake(ramp: Hand, served: Bench) -> None:
    header = faulted(ramp, served, "chunks", count=3).header("T")
    assert header.chunks == 3
    first, second, third = header.chunk_lengths()
    rows = ramp.receive(first)
    with pytest.raises(Silent):
        ramp.receive(1, within_s=0.05)
    for length in (second, third):
        ramp.send(wire.encode_request(wire.ChunkHandshake()))
        rows += ramp.receive(length)
    assert np.array_equal(wire.pixels_of(header, rows), RAMP)


def test_an_unknown_pixel_type_reaches_the_client(ramp: Hand, served: Bench) -> None:
    with pytest.raises(ProtocolError):
        faulted(ramp, served, "image_type").header("T")


def test_header_and_pixels_in_one_piece(ramp: Hand, served: Bench) -> None:
    assert np.array_equal(faulted(ramp, served, "joined").image("T"), RAMP)


def test_no_image_though_there_is_one(ramp: Hand, served: Bench) -> None:
    assert faulted(ramp, served, "no_image").header("T").empty
    assert not ramp.header("T").empty


def test_an_image_that_stalls_or_is_cut(ramp: Hand, served: Bench) -> None:
    header = faulted(ramp, served, "image_stall", after_bytes=100).header("T")
    ramp.receive(100)
    with pytest.raises(Silent):
        ramp.receive(1, within_s=0.05)
    assert header.total_bytes > 100
    faulted(ramp, served, "image_cut", after_bytes=100).header("T")
    ramp.receive(100)
    with pytest.raises(Closed):
        ramp.receive(1)


def test_a_client_that_stalls_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    begun = time.monotonic()
    with bench(tmp_path) as served, served.hand() as hand:
        put(hand, RAMP)
        served.control.faults([{"kind": "chunks", "nth": 1}])
        hand.header("T")  # and no handshake
    assert time.monotonic() - begun < 10.0


def test_files_keep_images_bottom_row_first(ramp: Hand, served: Bench) -> None:
    ramp.call("OpenNewFile", "ramp.mrc")
    ramp.call("Save", "T")
    ramp.call("AddToAutodoc", "SmartscopeKey", "ramp 7")
    ramp.call("WriteAutodoc")
    path = served.directory / "world" / "serialem" / "ramp.mrc"
    stored = np.frombuffer(path.read_bytes()[1024:], "<u2").reshape(RAMP.shape)
    assert np.array_equal(stored[0], RAMP[-1])
    assert "SmartscopeKey = ramp 7" in path.with_name("ramp.mrc.mdoc").read_text()
    ramp.call("Save", "T")
    assert ramp.call("ReportFileZsize") == (2.0,)
    ramp.call("CloseFile")
    assert "already exists" in ramp.fails("OpenNewFile", "ramp.mrc")
    ramp.call("ReadOtherFile", 1, "P", "ramp.mrc")
    assert np.array_equal(ramp.image("P"), RAMP)
    ramp.call("AllowFileOverwrite", 1)
    ramp.call("OpenNewFile", "ramp.mrc")
    ramp.fails("ReadFile", 0, "P")


def test_a_stack_holds_images_of_one_size(ramp: Hand) -> None:
    put(ramp, RAMP[:20].copy(), "S")
    ramp.call("OpenNewFile", "ramp.mrc")
    ramp.call("Save", "T")
    assert "does not match" in ramp.fails("Save", "S")


def test_buffers_are_cut_and_reduced_about_their_place(ramp: Hand) -> None:
    middle = ramp.numbers("BufImagePosToStagePos", "T", 0, 32, 20)
    ramp.call("CropCenterToSize", "T", 32, 20)
    assert ramp.image("A").shape == (20, 32)
    assert ramp.numbers("BufImagePosToStagePos", "A", 0, 16, 10) == pytest.approx(middle)
    ramp.call("ReduceImage", "T", 4)
    assert ramp.image("A").shape == (10, 16)
    assert ramp.numbers("BufImagePosToStagePos", "A", 0, 8, 5) == pytest.approx(middle)
    assert ramp.image("A")[0, 0] == RAMP[:4, :4].mean()


def test_a_montage_is_stitched_over_its_places(tmp_path: Path) -> None:
    with bench(tmp_path, error_scale=0.0) as served, served.hand() as hand:
        hand.ready()
        hand.call("SetLowDoseMode", 0)
        assert hand.call("GoToImagingState", "atlas") == (0.0,)
        hand.call("ParamSetToUseForMontage", 1)
        hand.call("OpenNewMontage", 2, 2, "m.mrc")
        assert hand.call("ReportNumMontagePieces") == (4.0,)
        hand.call("Montage")
        stack = served.directory / "world" / "serialem" / "m.mrc"
        places = [
            line
            for line in stack.with_name("m.mrc.mdoc").read_text().splitlines()
            if line.startswith("PieceCoordinates")
        ]
        assert len(set(places)) == 4
        shape = (512, 720)
        pieces = np.frombuffer(stack.read_bytes()[1024:], "<u2").reshape(4, *shape)[:, ::-1]
        overview = hand.image("B").astype(float)
        # the piece at coordinates (0, 0) is the lower left corner of the overview
        first = next(i for i, line in enumerate(places) if line.endswith("= 0 0 0"))
        corner = pieces[first]
        lower_left = overview[-shape[0] :, : shape[1]]
        assert np.corrcoef(corner.ravel(), lower_left.ravel())[0, 1] > 0.98
        # at a seam two pieces agree: the stage was where the overview says
        xx, xy, yx, yy, dx, dy = hand.numbers("BufImageToStageMatrix", "B", 1)
        width, height = hand.numbers("ImageProperties", "B")[:2]
        assert (xx * width / 2 + xy * height / 2 + dx) == pytest.approx(0.0, abs=0.6)
        assert (yx * width / 2 + yy * height / 2 + dy) == pytest.approx(0.0, abs=0.6)
        assert len(served.doses(area="atlas")) == 4
