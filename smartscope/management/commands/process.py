"""`manage.py process MOVIE... --out DIR`: movies to sums, motion and CTF, outside a session.

Interrupted, it goes on where it was: what is done with the same settings is not done again.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.errors import SmartscopeError
from smartscope.management.correction_options import add_correction_options, corrections
from smartscope.management.progress import Progress
from workers.movie_files.one_movie import References, process_movie
from workers.movie_files.results import Record, read_record, write_micrographs
from workers.movie_files.wanted import Wanted, check_names


class Command(BaseCommand):
    help = "Align movies, weigh them by dose and fit their CTF; MRC and STAR into a folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("movies", nargs="+", type=Path, help="MRC, TIFF or EER")
        parser.add_argument("--out", required=True, type=Path, help="folder for the results")
        parser.add_argument("--pixel-size", type=float, help="Å; else as the mdoc or XML says")
        parser.add_argument("--dose", type=float, help="e/Å² a frame; else as the mdoc says")
        parser.add_argument("--dose-before", type=float, default=0.0, help="e/Å² seen already")
        parser.add_argument("--voltage", type=float, help="kV; else as the mdoc or XML says")
        parser.add_argument("--cs", type=float, default=2.7, help="spherical aberration, mm")
        parser.add_argument("--amplitude-contrast", type=float, default=0.07)
        add_correction_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out"]
        movies: list[Path] = options["movies"]
        try:
            wanted = _wanted(options)
            check_names(movies)
            folder.mkdir(parents=True, exist_ok=True)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be made: {error.strerror}.") from error
        records, failed = self._process(movies, wanted, folder)
        if records:
            path = write_micrographs(folder, records)
            self.stdout.write(f"{len(records)} of {len(movies)} movies are in {path}.")
        if failed:
            raise CommandError(
                f"{failed} of {len(movies)} movies failed, for the reasons above; repair them and "
                "give the same command again."
            )

    def _process(
        self, movies: list[Path], wanted: Wanted, folder: Path
    ) -> tuple[list[Record], int]:
        records: list[Record] = []
        failed = 0
        references = References(wanted)
        progress = Progress(self.stdout)
        for number, movie in enumerate(movies):
            progress.show(number, len(movies), movie.name)
            try:
                record = read_record(folder, movie, wanted.fingerprint(movie))
                said = "done before"
                if record is None:
                    record = process_movie(movie, wanted, references, folder)
                    said = _said(record)
                records.append(record)
                progress.line(f"{movie.name}: {said}")
            except SmartscopeError as error:
                failed += 1
                progress.line(f"{movie.name}: FAILED. {error}")
            except OSError as error:
                failed += 1
                progress.line(f"{movie.name}: FAILED. {error.strerror}: {error.filename}.")
        progress.show(len(movies), len(movies), "")
        return records, failed


def _wanted(options: dict[str, Any]) -> Wanted:
    return Wanted(
        pixel_size_angstrom=options["pixel_size"],
        dose_e_per_a2=options["dose"],
        dose_before_e_per_a2=options["dose_before"],
        voltage_kv=options["voltage"],
        spherical_aberration_mm=options["cs"],
        amplitude_contrast=options["amplitude_contrast"],
        **corrections(options),
    )


def _said(record: Record) -> str:
    drift = record.drift_total_angstrom
    parts = ["drift not known" if drift is None else f"drift {drift:.1f} Å"]
    if record.local_motion:
        parts.append("bent over the field")
    if record.defocus_u_angstrom is not None and record.defocus_v_angstrom is not None:
        mean_um = 0.5e-4 * (record.defocus_u_angstrom + record.defocus_v_angstrom)
        parts.append(f"defocus {mean_um:.2f} µm, fit to {record.ctf_fit_angstrom:.1f} Å")
    else:
        parts.append(f"no CTF: {record.ctf_refusal}")
    if record.dose_per_frame_e_per_a2 is None:
        parts.append("not weighted: no dose known")
    return "; ".join([*parts, *record.warnings])
