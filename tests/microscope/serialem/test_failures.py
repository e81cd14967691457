"""SerialEM's words mean what the table says; what nobody wrote down stays what it is."""

from __future__ import annotations

import pytest

from smartscope.domain.errors import InstrumentError, StorageFull
from smartscope.microscope import errors
from smartscope.microscope.errors import (
    AutofocusFailed,
    CameraFailed,
    CommandFailed,
    HeightFailed,
    ImageShiftLimit,
    InstrumentBusy,
    LoadFailed,
    RealignFailed,
    SlotEmpty,
    StageLimit,
    StageStuck,
    ValvesClosed,
)
from smartscope.microscope.serialem.failures import meaning
from smartscope.microscope.simulator.serialem.answers import phrase


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Stage position X is out of range", StageLimit),
        ("The requested tilt angle is beyond the limits of the stage", StageLimit),
        ("Image shift would exceed the limit of 15 microns", ImageShiftLimit),
        ("There is no cartridge in slot 4", SlotEmpty),
        ("An error occurred loading the cartridge: autoloader error -3", LoadFailed),
        ("The stage did not reach the target position", StageStuck),
        ("The column valves are not open", ValvesClosed),
        ("Eucentricity procedure failed", HeightFailed),
        ("Autofocus failed: beam tilt could not be set", AutofocusFailed),
        ("Autoalignment failed to find a correlation peak", RealignFailed),
        ("The dewars are being filled", InstrumentBusy),
        ("Camera timeout: the detector did not return an image, error", CameraFailed),
    ],
)
def test_what_is_in_the_table_becomes_its_error(text: str, kind: type[InstrumentError]) -> None:
    found = meaning("Command", CommandFailed("SerialEM could not", text=text))
    assert type(found) is kind
    assert text in str(found)


def test_what_is_not_in_the_table_waits_for_a_person() -> None:
    error = CommandFailed("SerialEM could not do Record: something new", text="something new")
    found = meaning("Record", error)
    assert isinstance(found, CommandFailed)
    assert found.text == "something new"
    assert type(meaning("Record", CommandFailed("without words"))) is CommandFailed


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (errors.StageLimit("z 400.0 µm lies outside ±300 µm; nothing moved."), None),
        (errors.StageStuck("The stage stopped short of its target; move it again."), None),
        (errors.ImageShiftLimit("An image shift of 80.00 µm exceeds 15 µm."), None),
        (errors.SlotEmpty("Slot 9 holds no grid; check the cassette."), None),
        (errors.LoadFailed("The autoloader is faulted; a person must recover it."), None),
        (
            errors.InstrumentBusy("The autoloader is exchanging grids; the stage waits."),
            None,
        ),
        (errors.InstrumentBusy("The vacuum is not ready; the valves stay closed."), None),
        (errors.ValvesClosed("The column valves are closed; nothing was exposed."), None),
        (errors.HeightFailed("The eucentric height would be 450 µm, beyond ±200 µm."), None),
        (errors.CameraFailed("The camera reported an error while acquiring an image."), None),
        (errors.CommandRefused("The screen is down and covers the camera; raise it first."), None),
        (errors.CommandRefused("There is no grid on the stage; load one first."), None),
        (errors.CommandTimeout("No image after 90 s."), CameraFailed),
        (errors.ManualExchangeNeeded(3), LoadFailed),
        (StorageFull("There is not enough space on the disk for the frames."), None),
    ],
    ids=lambda each: "" if each is None else getattr(each, "__name__", type(each).__name__),
)
def test_what_our_simulator_says_leads_back_to_its_error(
    raised: InstrumentError | StorageFull, kind: type[InstrumentError | StorageFull] | None
) -> None:
    found = meaning("Command", CommandFailed("x", text=phrase(raised)))
    assert type(found) is (kind or type(raised)), phrase(raised)
