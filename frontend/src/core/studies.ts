/* Studies of a grid's particles in words. */

import type { Averages, Learnt, ParticleClass, ParticleStudy } from "../api/studyTypes";
import * as units from "./units";

/** "learnt from 20 clicks in 2 exposures. Each click in turn withheld: 11 of 12 particles found, …" */
export function learntSaid(learnt: Learnt): string {
  const judged = [
    ...(learnt.shown > 0 ? [`${learnt.hits} of ${learnt.shown} added particles found`] : []),
    ...(learnt.taken_away > 0 ? [`${learnt.taken_away - learnt.kept} of ${learnt.taken_away} taken away left out`] : []),
  ];
  const from = `learnt from ${units.many(learnt.clicks, "click")}, ${units.many(learnt.exposures, "exposure")} read`;
  return judged.length === 0 ? `${from}.` : `${from}. On clicks it was not shown: ${judged.join(", ")} (F1\u202f${learnt.f1.toFixed(2)}).`;
}

export const classSaid = (one: ParticleClass): string =>
  `${units.many(one.count, "particle")}${one.junk ? ", junk" : ""}${one.resolution_angstrom === null ? "" : `, halves agree to ${one.resolution_angstrom.toFixed(0)}\u202fÅ`}`;

export const averagesSaid = (averages: Averages): string =>
  `${units.many(averages.particles, "particle")} of ${units.many(averages.exposures, "exposure")}, ${units.percent(averages.junk_particles / Math.max(averages.particles, 1))} in classes that show nothing.`;

/** The one under way or the last that ended, of a kind; the list comes newest first. */
export const latest = (studies: readonly ParticleStudy[], kind: ParticleStudy["kind"]): ParticleStudy | null => studies.find((one) => one.kind === kind) ?? null;

export const underWay = (study: ParticleStudy | null): boolean => study !== null && (study.state === "wanted" || study.state === "running");
