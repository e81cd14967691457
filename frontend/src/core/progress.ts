/* The one sentence about a session: which grid, how far, how good, or why nothing happens. */

import * as units from "./units";

export interface GridProgress {
  readonly position: number;
  readonly name: string;
  readonly status: string;
  readonly counts: {
    readonly squares: number;
    readonly squares_imaged: number;
    readonly exposures: number;
    readonly exposures_analysed: number;
    readonly waiting_for_analysis: number;
  };
  readonly ctf_fit_best_angstrom: number | null;
}

const ON_THE_STAGE = ["working", "atlas", "loaded", "loading"];
const ENDED = ["done", "skipped", "failed"];

export function lastWork(grids: readonly GridProgress[], session: { readonly state: string; readonly imported: boolean }): string {
  if (grids.length === 0) return "No grid is described yet.";
  if (session.imported) return `${units.many(grids.length, "grid")} imported from files.`;
  const ended = grids.filter((grid) => ENDED.includes(grid.status)).length;
  if (ended === 1 && grids.length === 1) return "The grid is finished.";
  if (ended === grids.length) return `All ${units.many(grids.length, "grid")} are finished.`;
  const now = ON_THE_STAGE.flatMap((status) => grids.filter((grid) => grid.status === status))[0];
  if (now === undefined) {
    return ended === 0 ? `${units.many(grids.length, "grid")} planned, nothing imaged yet.` : `${ended} of ${units.many(grids.length, "grid")} finished, the next is not loaded yet.`;
  }
  return `Grid ${now.position} of ${grids.length}, ${now.name}: ${doing(now)}`;
}

function doing(grid: GridProgress): string {
  const { counts } = grid;
  if (grid.status === "loading") return "being loaded.";
  if (grid.status === "loaded") return "loaded, the atlas comes next.";
  if (counts.squares === 0) return "the atlas is being taken or searched for squares.";
  const parts = [`${counts.squares_imaged} of ${units.many(counts.squares, "square")} imaged`, units.many(counts.exposures, "exposure")];
  if (counts.waiting_for_analysis > 0) parts.push(`${units.count(counts.waiting_for_analysis)} waiting for analysis`);
  if (grid.ctf_fit_best_angstrom !== null) parts.push(`best CTF fit ${units.ctfFit(grid.ctf_fit_best_angstrom)}`);
  return `${parts.join(", ")}.`;
}

export interface Paced extends GridProgress {
  readonly minutes_spent: number | null;
}

const perHour = (grid: Paced): number | null => (grid.minutes_spent !== null && grid.minutes_spent > 0 && grid.counts.exposures > 0 ? (grid.counts.exposures * 60) / grid.minutes_spent : null);

/** Holes an hour of the grid on the stage, and the middle of those of the grids done; null where not known. */
export function pace(grids: readonly Paced[]): { readonly now: number | null; readonly usual: number | null } {
  const done = grids.filter((grid) => grid.status === "done").flatMap((grid) => perHour(grid) ?? []).sort((a, b) => a - b);
  const working = grids.find((grid) => ON_THE_STAGE.includes(grid.status));
  return { now: working === undefined ? null : perHour(working), usual: done.length === 0 ? null : done[(done.length - 1) >> 1]! };
}

export interface Minutes {
  readonly low: number;
  readonly high: number;
}

/** Minutes until every grid is done, if the rest take as long as the quickest and the slowest did; null before two are done. */
export const remaining = (grids: readonly Paced[]): Minutes | null => left(grids, grids.filter((grid) => !ENDED.includes(grid.status)));

/** The same of the grid on the stage alone; null where none is. */
export const remainingOfGrid = (grids: readonly Paced[]): Minutes | null => left(grids, grids.filter((grid) => ON_THE_STAGE.includes(grid.status)).slice(0, 1));

function left(grids: readonly Paced[], going: readonly Paced[]): Minutes | null {
  const took = grids.filter((grid) => grid.status === "done").flatMap((grid) => grid.minutes_spent ?? []);
  if (took.length < 2 || going.length === 0) return null;
  const after = (each: number): number => going.reduce((sum, grid) => sum + Math.max(0, each - (grid.minutes_spent ?? 0)), 0);
  return { low: after(Math.min(...took)), high: after(Math.max(...took)) };
}
