"""`manage.py tomogram SERIES.mrc --angles FILE --out FOLDER`: a volume from a tilt series on disk.

Nothing of a session is read or written. Stopped and started again, it goes on where it stopped.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError

from smartscope.analysis.denoising.tomogram import (
    Denoising,
    by_acquisition,
    denoise_tomogram,
)
from smartscope.analysis.io.mrc import open_mrc
from smartscope.analysis.tomography.align import align
from smartscope.analysis.tomography.alignment_files import read_geometry, save_alignment
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.reconstruct import Method, Settings
from smartscope.analysis.tomography.volume_job import (
    VolumeJob,
    make_volume,
    pixel_size_of,
    read_tilts,
    save_volume,
)
from smartscope.domain.errors import SmartscopeError


class Command(BaseCommand):
    help = "Reconstruct a tilt series of files: by weighted back-projection or for eyes by SIRT."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("series", type=Path, help="an MRC stack of tilts, as taken")
        parser.add_argument("--angles", type=Path, required=True, help=".tlt, .mdoc or .aln")
        parser.add_argument("--xf", type=Path, help="IMOD's transforms for a .tlt")
        parser.add_argument("--out", type=Path, required=True, help="a folder")
        parser.add_argument("--align", action="store_true", help="find shifts and axis first")
        parser.add_argument("--axis", type=float, help="degrees from the pictures' y axis")
        parser.add_argument("--method", default="wbp", choices=[each.value for each in Method])
        parser.add_argument("--bin", type=int, default=1, help="voxels are so many pixels wide")
        parser.add_argument("--thickness", type=float, default=300.0, help="of the volume, nm")
        parser.add_argument("--pixel-size", type=float, help="Å, where the header is wrong")
        parser.add_argument("--voltage", type=float, default=300.0, help="kV, for dose weights")
        parser.add_argument("--even", type=Path, help="even frames of every tilt, for halves")
        parser.add_argument("--odd", type=Path, help="odd frames of every tilt")
        parser.add_argument(
            "--halves", action="store_true", help="halves by tilts in turn, where no frames are"
        )
        parser.add_argument(
            "--denoise", choices=[each.value for each in Denoising], help="one volume of two halves"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._make(options)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error

    def _make(self, options: dict[str, Any]) -> None:
        series, folder = options["series"], options["out"]
        _check(options)
        folder.mkdir(parents=True, exist_ok=True)
        pixel = options["pixel_size"] or pixel_size_of(series)
        binning = options["bin"]
        depth = round(10.0 * options["thickness"] / (pixel * binning))
        settings = Settings(
            method=Method(options["method"]), depth_px=depth, voltage_kv=options["voltage"]
        )
        geometry = self._geometry(options, depth_px=depth * binning)
        whole = VolumeJob(
            series=series,
            geometry=geometry,
            settings=settings,
            pixel_size_angstrom=pixel,
            binning=binning,
            out=folder / f"{series.stem}_{settings.method}.mrc",
        )
        self._volume(whole)
        halves = _halves(whole, options)
        for half in halves:
            self._volume(half)
        if options["denoise"]:
            self._denoised(whole, halves, Denoising(options["denoise"]))

    def _geometry(self, options: dict[str, Any], *, depth_px: int) -> TiltGeometry:
        """As read, or found anew and kept as IMOD's files, which a second start reads again."""
        series: Path = options["series"]
        geometry = read_geometry(options["angles"], options["xf"])
        if options["axis"] is not None:
            geometry = replace(geometry, axis_deg=np.full(len(geometry), options["axis"]))
        if not options["align"]:
            return geometry
        base = options["out"] / f"{series.stem}_aligned"
        tlt, xf = (base.with_name(base.name + ending) for ending in (".tlt", ".xf"))
        if not (tlt.exists() and xf.exists()):
            self.stdout.write("Aligning ...")
            found = align(read_tilts(series), geometry, depth_px=depth_px)
            save_alignment(found.geometry, base, pictures=_pictures(series))
            self.stdout.write(
                f"The axis lies at {found.geometry.axis_deg[0]:.2f}°; pictures agree with the "
                f"volume of the others by {found.agreement.mean():.3f}."
            )
        kept = read_geometry(tlt, xf).only(geometry.sections)
        return replace(geometry, axis_deg=kept.axis_deg, shifts_px=kept.shifts_px, scale=kept.scale)

    def _volume(self, job: VolumeJob) -> None:
        def told(done: int, slabs: int) -> None:
            self.stdout.write(f"{job.out.name}: slab {done} of {slabs}")

        if not make_volume(job, progress=told):
            self.stdout.write(f"{job.out.name} was there already.")

    def _denoised(self, whole: VolumeJob, halves: list[VolumeJob], method: Denoising) -> None:
        out = whole.out.with_name(f"{whole.series.stem}_{method}.mrc")
        if out.exists():
            self.stdout.write(f"{out.name} was there already.")
            return

        def told(done: int, batches: int) -> None:
            if done % 100 == 0 or done == batches:
                self.stdout.write(f"{out.name}: batch {done} of {batches}")

        pixel = whole.pixel_size_angstrom * whole.binning
        even, odd = (read_tilts(half.out) for half in halves)
        found = denoise_tomogram(even, odd, pixel_size_angstrom=pixel, method=method, progress=told)
        save_volume(out, found.volume, pixel_size_angstrom=pixel)
        self.stdout.write(f"{out.name}: for eyes, not for measuring.")


def _check(options: dict[str, Any]) -> None:
    for name in ("series", "angles", "xf", "even", "odd"):
        path = options[name]
        if path is not None and not path.is_file():
            raise CommandError(f"There is no file {path}; check the path.")
    if (options["even"] is None) != (options["odd"] is None):
        raise CommandError("Give both --even and --odd, or neither.")
    if options["denoise"] and not (options["even"] or options["halves"]):
        raise CommandError("--denoise needs two halves: give --even and --odd, or --halves.")
    if options["bin"] < 1 or not options["thickness"] > 0.0:
        raise CommandError("--bin must be 1 or more and --thickness above 0.")


def _halves(whole: VolumeJob, options: dict[str, Any]) -> list[VolumeJob]:
    """Two jobs by the same geometry, always linear, or none."""
    linear = replace(whole.settings, method=Method.WBP)
    even, odd, geometry = options["even"], options["odd"], whole.geometry
    names = [whole.out.with_name(f"{whole.series.stem}_{half}.mrc") for half in ("even", "odd")]
    if even is not None:
        sources = [(even, geometry), (odd, geometry)]
    elif options["halves"]:
        sources = [(whole.series, geometry.only(part)) for part in by_acquisition(geometry)]
    else:
        return []
    return [
        replace(whole, series=series, geometry=seen, settings=linear, out=name)
        for (series, seen), name in zip(sources, names, strict=True)
    ]


def _pictures(series: Path) -> int:
    frames = open_mrc(series)
    frames.close()
    return frames.header.frames
