/* Overlays come as columns: geometry once, then only the rows that changed, named by their index. */

import type { Target } from "./overlay";

type Column = readonly unknown[];
export interface Overlay {
  readonly geometry_version: string;
  readonly as_of_seq: number;
  /** Which rows of the geometry the columns speak of; null for all of them. */
  readonly index: readonly number[] | null;
  readonly [column: string]: unknown;
}

const HEAD = new Set(["geometry_version", "as_of_seq", "index"]);

interface Every {
  readonly every: unknown;
}
interface Coded {
  readonly values: Column;
  readonly codes: readonly number[];
}

/** An overlay as the server packs it, with every column as a list again. */
export function unpacked(answer: Overlay): Overlay {
  const rows = answer.index?.length ?? rowsOf(answer);
  const columns: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(answer)) {
    if (HEAD.has(name) || Array.isArray(column) || typeof column !== "object" || column === null) continue;
    columns[name] = "every" in column ? new Array<unknown>(rows).fill((column as Every).every) : (column as Coded).codes.map((code) => (column as Coded).values[code]);
  }
  return { ...answer, ...columns };
}

/* Ids differ, so where there is more than one row they are a list. */
function rowsOf(answer: Overlay): number {
  const ids = answer["ids"];
  return Array.isArray(ids) ? ids.length : ids === undefined ? 0 : 1;
}

/** `before` with the changed rows put in; null when the geometry is another one: read it all again. */
export function merged(before: Overlay, change: Overlay): Overlay | null {
  if (change.index === null) return change;
  if (before.geometry_version !== change.geometry_version) return null;
  const columns: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(change)) {
    const old = before[name];
    if (HEAD.has(name) || !Array.isArray(values) || !Array.isArray(old)) continue;
    const column = [...(old as unknown[])];
    change.index.forEach((row, place) => {
      column[row] = values[place];
    });
    columns[name] = column;
  }
  return { ...before, ...columns, as_of_seq: change.as_of_seq, index: null };
}

/** The rows of the columns; columns this kind of target does not have stay unknown. */
export function targetsOf(overlay: Overlay): Target[] {
  const ids = column(overlay, "ids") as readonly string[];
  const at = <Value>(name: string, none: Value): ((row: number) => Value) => {
    const values = column(overlay, name);
    return (row) => (values[row] === undefined || values[row] === null ? none : (values[row] as Value));
  };
  const slug = at("slugs", "");
  const x = at("x_px", 0);
  const y = at("y_px", 0);
  const outline = at<readonly (readonly [number, number])[] | null>("outlines_px", null);
  const radius = at<number | null>("radius_px", null);
  const status = at("status", "found");
  const label = at("label", "");
  const modelLabel = at("model_label", "");
  const probability = at<number | null>("probability", null);
  const queuePosition = at<number | null>("queue_position", null);
  const ice = at<number | null>("ice_thickness_nm", null);
  const intensity = at<number | null>("intensity", null);
  const mean = at<number | null>("mean_intensity", null);
  const score = at<number | null>("score", null);
  const area = at<number | null>("area_um2", null);
  const reason = at("reason", "");
  const group = at<string | null>("group", null);
  const groupRole = at("group_role", "");
  const cluster = at<number | null>("cluster", null);
  const predicted = at("predicted", false);
  const external = at("external", false);
  return ids.map((id, row) => {
    const shape = outline(row);
    const round = radius(row);
    return {
      id,
      slug: slug(row),
      x: x(row),
      y: y(row),
      ...(shape !== null && shape.length > 2 ? { outline: shape } : {}),
      ...(round !== null ? { radius: round } : {}),
      status: status(row),
      label: label(row),
      modelLabel: modelLabel(row),
      probability: probability(row),
      queuePosition: queuePosition(row),
      ice: ice(row),
      intensity: intensity(row) ?? mean(row),
      score: score(row),
      area: area(row),
      ctf: null,
      defocus: null,
      drift: null,
      reason: reason(row),
      group: group(row),
      groupRole: groupRole(row),
      cluster: cluster(row),
      predicted: predicted(row),
      external: external(row),
    };
  });
}

export interface Measured {
  readonly hole: string;
  readonly ctf_fit_angstrom: number | null;
  readonly defocus_um: number | null;
  readonly drift_total_angstrom: number | null;
}

/** Holes with what was measured on their exposures; of several the first given counts. */
export function withExposures(targets: readonly Target[], exposures: readonly Measured[]): Target[] {
  const of = new Map(exposures.toReversed().map((one) => [one.hole, one]));
  return targets.map((target) => {
    const one = of.get(target.id);
    return one === undefined ? target : { ...target, ctf: one.ctf_fit_angstrom, defocus: one.defocus_um, drift: one.drift_total_angstrom };
  });
}

export interface Seen {
  readonly id: string;
  readonly seen_offset_x_um: number | null;
  readonly seen_offset_y_um: number | null;
}

/** Holes with how far their group was first seen from where the map had it. */
export function withTargeting(targets: readonly Target[], groups: readonly Seen[]): Target[] {
  const of = new Map<number | string | null, number>(groups.flatMap((one) => (one.seen_offset_x_um === null || one.seen_offset_y_um === null ? [] : [[one.id, Math.hypot(one.seen_offset_x_um, one.seen_offset_y_um)] as const])));
  return targets.map((target) => (of.has(target.group) ? { ...target, targeting: of.get(target.group)! } : target));
}

function column(overlay: Overlay, name: string): Column {
  const values = overlay[name];
  return Array.isArray(values) ? (values as Column) : [];
}
