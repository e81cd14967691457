"""`manage.py denoise FILE... --out DIR`: pictures without their noise, outside a session.

Interrupted, it goes on where it was: what is done with the same settings is not done again.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from smartscope.analysis import registry
from smartscope.analysis.chains import DENOISERS
from smartscope.analysis.denoising.denoised import Denoiser
from smartscope.analysis.denoising.tuning import CannotTune, tune, why_not
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.network import Network, Trained, checksum
from smartscope.domain.errors import SmartscopeError
from smartscope.management.correction_options import add_correction_options, corrections
from smartscope.management.progress import Progress
from workers.denoised_files.records import TUNED_NETWORK, fingerprint, is_done, keep
from workers.denoised_files.sources import Source, pair_of, sources_of
from workers.movie_files.one_movie import References
from workers.movie_files.wanted import Wanted

#: a grid's pictures are alike: more of them teach little and cost time
_MOST_TO_TUNE: Final = 10
_TUNABLE: Final = "care-p2p"


class Command(BaseCommand):
    help = "Denoise movies, or pairs X_even.mrc X_odd.mrc; MRC into a folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, help="movies, or even and odd sums")
        parser.add_argument("--out", required=True, type=Path, help="folder for the results")
        parser.add_argument("--method", choices=DENOISERS, help="else the first that can be used")
        parser.add_argument(
            "--tune", action="store_true", help="teach the network these files first; needs torch"
        )
        parser.add_argument("--network", type=Path, help="a network that --tune left elsewhere")
        parser.add_argument("--pixel-size", type=float, help="Å; else as the files say")
        add_correction_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out"]
        try:
            wanted = _wanted(options)
            sources = sources_of(options["files"])
            _check_taught(options)
            folder.mkdir(parents=True, exist_ok=True)
            denoiser = self._denoiser(options, sources, wanted, folder)
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error
        failed = self._denoise(sources, wanted, denoiser, folder)
        done = len(sources) - failed
        self.stdout.write(f"{done} of {len(sources)} pictures are in {folder}.")
        if failed:
            raise CommandError(
                f"{failed} of {len(sources)} failed, for the reasons above; repair them and give "
                "the same command again."
            )

    def _denoiser(
        self, options: dict[str, Any], sources: Sequence[Source], wanted: Wanted, folder: Path
    ) -> Denoiser:
        """What was asked for, tuned where that was; raises with the reason where it is not."""
        network: Path | None = options["network"]
        if options["tune"]:
            network = folder / TUNED_NETWORK
            if network.is_file():
                self.stdout.write(f"{network.name} is there from before and is used.")
            else:
                self._tune(sources, wanted, network)
        if network is not None:
            graph = network.read_bytes()
            made = registry.with_weights(_TUNABLE, Trained(Network(graph), checksum(graph)))
            assert isinstance(made, Denoiser)
            return made
        return _first_of([options["method"]] if options["method"] else DENOISERS)

    def _tune(self, sources: Sequence[Source], wanted: Wanted, network: Path) -> None:
        progress = Progress(self.stdout)
        references, pairs = References(wanted), []
        for source in sources[:_MOST_TO_TUNE]:
            try:
                pairs.append(pair_of(source, wanted, references))
            except (SmartscopeError, OSError) as error:
                progress.line(f"{source.name}: not learnt from. {error}")

        def show(part: float, left: float) -> None:
            progress.line(f"tuning {part:.0%}: {left:.3f} of the signal left out")

        tuned = tune(pairs, progress=show)
        with written_aside(network) as part:
            part.write_bytes(tuned.graph)
        said = "taken" if tuned.helped else "no better, so the shipped network stays"
        progress.line(
            f"tuned: {tuned.before:.3f} left out before, {tuned.after:.3f} after; {said}."
        )

    def _denoise(
        self, sources: Sequence[Source], wanted: Wanted, denoiser: Denoiser, folder: Path
    ) -> int:
        """How many failed."""
        failed = 0
        references = References(wanted)
        maker = f"{denoiser.manifest.name} {denoiser.manifest.version}"
        progress = Progress(self.stdout)
        for number, source in enumerate(sources):
            progress.show(number, len(sources), source.name)
            try:
                expected = fingerprint(source, wanted, maker)
                if is_done(folder, source, expected):
                    progress.line(f"{source.name}: done before")
                    continue
                pair = pair_of(source, wanted, references)
                clean = denoiser.denoise(
                    pair.even, pair.odd, pixel_size_angstrom=pair.pixel_size_angstrom
                )
                keep(folder, source, clean, expected)
                progress.line(f"{source.name}: {maker}")
            except SmartscopeError as error:
                failed += 1
                progress.line(f"{source.name}: FAILED. {error}")
            except OSError as error:
                failed += 1
                progress.line(f"{source.name}: FAILED. {error.strerror}: {error.filename}.")
        progress.show(len(sources), len(sources), "")
        return failed


def _check_taught(options: dict[str, Any]) -> None:
    """Raises `CannotTune` where a network is wanted that cannot be had or used."""
    if options["tune"] and why_not():
        raise CannotTune(why_not())
    taught = options["tune"] or options["network"] is not None
    if taught and options["method"] not in (None, _TUNABLE):
        raise CannotTune(
            f"{options['method']} has no network to teach; leave --method out, or --tune and "
            "--network."
        )


def _first_of(names: Sequence[str]) -> Denoiser:
    """The first that can be used; raises the last one's reason."""
    for name in names[:-1]:
        try:
            return registry.denoiser(name)
        except registry.PluginUnavailable:
            continue
    return registry.denoiser(names[-1])


def _wanted(options: dict[str, Any]) -> Wanted:
    return Wanted(
        pixel_size_angstrom=options["pixel_size"],
        **corrections(options),
    )
