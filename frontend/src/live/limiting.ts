/* A limit on a measured value: what it would do, and doing it. What people decided stays. */

import { get } from "../api/client";
import type { Preset } from "../api/planTypes";
import type { BulkAnswer } from "../api/answerTypes";
import type { Grid, Session } from "../api/sessionTypes";
import { holds, MEASURES, type Band, type Consequence, type Measure } from "../core/measures";
import { edit, setParameters } from "./acts";
import { everything } from "./lists";
import { changePreset } from "./planning";
import { toasts } from "./toasts.svelte";

/** The column of the list that a measure is kept in. */
const COLUMNS: Record<string, string> = {
  hole_ice: "ice_thickness_nm",
  hole_score: "score",
  hole_grey: "intensity",
  square_score: "score",
  square_grey: "mean_intensity",
  square_area: "area_um2",
  square_probability: "probability",
};

export const limitName = (measure: Measure, holes: boolean): string => (holes ? MEASURES[measure].holes : MEASURES[measure].squares);

export function previewLimit(grid: string, name: string, band: Band): Promise<Consequence> {
  return get<Consequence>(`grids/${grid}/limit-preview`, {
    measure: name,
    ...(band.low === null ? {} : { low: band.low }),
    ...(band.high === null ? {} : { high: band.high }),
  });
}

interface Candidate {
  readonly id: string;
  readonly label: string;
  readonly [column: string]: unknown;
}

/** What waits or may be chosen, was decided by nobody, and lies outside the band. */
async function losers(scope: Record<string, string>, name: string, band: Band): Promise<string[]> {
  const column = COLUMNS[name]!;
  const rows = await everything<Candidate>(name.startsWith("hole") ? "holes" : "squares", {
    ...scope,
    status: "found,queued",
    queued_by_person: false,
    fields: `id,label,${column}`,
    ...(name.startsWith("hole") ? {} : { external: false }),
  });
  return rows.filter((row) => row.label === "" && typeof row[column] === "number" && !holds(band, row[column])).map((row) => row.id);
}

/** What a plan says of a band of ice; empty for a measure that no plan names. */
export function planned(name: string, band: Band): Record<string, number> {
  if (name !== "hole_ice") return {};
  return { ...(band.low === null ? {} : { ice_min_nm: band.low }), ...(band.high === null ? {} : { ice_max_nm: band.high }) };
}

/** New plans made from the preset have the limit; what is planned already stays as it is. */
export async function applyToPreset(preset: Preset, name: string, band: Band): Promise<void> {
  try {
    await changePreset(preset, planned(name, band));
    toasts.say(`${preset.name} has the limit; plans made from it before stay as they are.`);
  } catch (problem) {
    toasts.fail(problem);
  }
}

const ENDED = ["done", "skipped", "failed"];

/** Sets the limit where the plan has one and skips what lies outside it; the plan of an ended grid stays. */
export async function applyLimit(where: { grid: Grid } | { session: Session }, name: string, band: Band): Promise<BulkAnswer | null> {
  try {
    const limits = planned(name, band);
    const isPlanned = Object.keys(limits).length > 0;
    if ("session" in where && isPlanned) await setParameters("sessions", where.session, limits);
    if ("grid" in where && isPlanned && !ENDED.includes(where.grid.status)) await setParameters("grids", where.grid, limits);
    const scope: Record<string, string> = "grid" in where ? { grid: where.grid.id } : { session: where.session.id };
    const ids = await losers(scope, name, band);
    if (ids.length > 0) return await edit(name.startsWith("hole") ? "holes" : "squares", ids, { skip: true });
    toasts.say(isPlanned ? "The limit is set; nothing found so far is lost by it." : "Nothing is lost by this limit.");
  } catch (problem) {
    toasts.fail(problem);
  }
  return null;
}
