/* Exposures as columns: what can be plotted, merged with what changed, medians, gaps, and brushes. */

import * as units from "./units";

export interface Series {
  readonly as_of_seq: number;
  readonly changes_only: boolean;
  readonly found: number;
  readonly downsampled: boolean;
  readonly ids: readonly string[];
  readonly slugs: readonly string[];
  readonly holes: readonly string[];
  readonly grids: readonly string[];
  readonly number: readonly number[];
  readonly exposed_at_s: readonly number[];
  readonly stage_x_um: readonly number[];
  readonly stage_y_um: readonly number[];
  readonly status: readonly string[];
  readonly reason: readonly string[];
  readonly label: readonly string[];
  readonly fault: readonly string[];
  readonly target_defocus_um: readonly (number | null)[];
  readonly defocus_um: readonly (number | null)[];
  readonly astigmatism_nm: readonly (number | null)[];
  readonly ctf_fit_angstrom: readonly (number | null)[];
  readonly ice_thickness_nm: readonly (number | null)[];
  readonly drift_total_angstrom: readonly (number | null)[];
  readonly mean_counts: readonly (number | null)[];
  readonly particles: readonly (number | null)[];
  readonly targeting_error_um: readonly (number | null)[];
  readonly analysed_after_s: readonly (number | null)[];
}

type Column = { [Name in keyof Series]: Series[Name] extends readonly (infer _Cell)[] ? Name : never }[keyof Series];
const COLUMNS: readonly Column[] = [
  "ids", "slugs", "holes", "grids", "number", "exposed_at_s", "stage_x_um", "stage_y_um", "status", "reason", "label", "fault", "target_defocus_um",
  "defocus_um", "astigmatism_nm", "ctf_fit_angstrom", "ice_thickness_nm", "drift_total_angstrom", "mean_counts", "particles", "targeting_error_um", "analysed_after_s",
];

export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (series: Series, at: number) => number | null;
  readonly say: (value: number | null) => string;
}

const column = (name: "ctf_fit_angstrom" | "astigmatism_nm" | "ice_thickness_nm" | "drift_total_angstrom" | "mean_counts" | "targeting_error_um" | "particles" | "analysed_after_s") => (series: Series, at: number): number | null => series[name][at] ?? null;

export const METRICS: readonly Metric[] = [
  { key: "ctf", title: "CTF fit", unit: "Å", of: column("ctf_fit_angstrom"), say: units.ctfFit },
  {
    key: "defocus",
    title: "Defocus against target",
    unit: "µm",
    of: (series, at) => {
      const [measured, aimed] = [series.defocus_um[at] ?? null, series.target_defocus_um[at] ?? null];
      return measured === null || aimed === null ? null : measured - aimed;
    },
    say: units.defocus,
  },
  { key: "astigmatism", title: "Astigmatism", unit: "nm", of: column("astigmatism_nm"), say: units.astigmatism },
  { key: "ice", title: "Ice thickness", unit: "nm", of: column("ice_thickness_nm"), say: units.ice },
  { key: "drift", title: "Drift over the exposure", unit: "Å", of: column("drift_total_angstrom"), say: units.drift },
  { key: "counts", title: "Mean counts", unit: "per pixel", of: column("mean_counts"), say: units.counts },
  { key: "particles", title: "Particles per exposure", unit: "", of: column("particles"), say: units.count },
  { key: "targeting", title: "Targeting error", unit: "µm", of: column("targeting_error_um"), say: units.stage },
  { key: "latency", title: "From image to measurement", unit: "s", of: column("analysed_after_s"), say: units.duration },
];

/** Rows known before with the changed ones put in; `null` where they do not fit and all must be read again. */
export function merged(before: Series, change: Series): Series | null {
  if (!change.changes_only) return change;
  if (before.downsampled || change.downsampled) return change.ids.length === 0 ? { ...before, as_of_seq: change.as_of_seq } : null;
  const place = new Map(before.ids.map((id, at) => [id, at]));
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, [...before[name]]])) as unknown as Record<Column, (string | number | null)[]>;
  change.ids.forEach((id, from) => {
    const at = place.get(id) ?? columns.ids.length;
    place.set(id, at);
    for (const name of COLUMNS) columns[name][at] = change[name][from]!;
  });
  const order = [...columns.ids.keys()].sort((a, b) => (columns.exposed_at_s[a] as number) - (columns.exposed_at_s[b] as number));
  const sorted = Object.fromEntries(COLUMNS.map((name) => [name, order.map((at) => columns[name][at]!)])) as unknown as Pick<Series, Column>;
  return { ...before, ...sorted, as_of_seq: change.as_of_seq, found: sorted.ids.length };
}

/** The rows of one grid, or all where none is named. */
export function ofGrid(series: Series, grid: string | null): number[] {
  const all = [...series.ids.keys()];
  return grid === null ? all : all.filter((at) => series.grids[at] === grid);
}

/** Each value with the median of those around it, `window` of them; null where nothing was measured. */
export function runningMedian(values: readonly (number | null)[], window: number): (number | null)[] {
  const known = values.flatMap((value, at) => (value === null ? [] : [at]));
  const half = Math.floor(window / 2);
  const medians: (number | null)[] = values.map(() => null);
  known.forEach((at, place) => {
    const near = known.slice(Math.max(0, place - half), place + half + 1).map((one) => values[one]!);
    medians[at] = median(near);
  });
  return medians;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export type Against = "time" | "number" | "stage";
/** No shorter time without an exposure is a gap. */
export const GAP_S = 600;
/** Nor one that is not so many times what usually lies between two. */
const GAP_TIMES = 5;

/** Longer than this between two exposures is a gap: no line is drawn across it. Where exposures are rare, so are gaps. */
export function gapOf(timesS: readonly number[]): number {
  const between = timesS.slice(1).map((at, before) => at - timesS[before]!);
  return Math.max(GAP_S, GAP_TIMES * (median(between) ?? 0));
}

export interface Drawn {
  readonly x: number[];
  /** Row of the series behind each point; -1 where a gap was put in. */
  readonly rows: number[];
  readonly usable: (number | null)[];
  readonly rejected: (number | null)[];
  /** undefined where nothing was measured: the line goes on past it; null breaks it. */
  readonly middle: (number | null | undefined)[];
}

/** What one plot shows: usable and rejected points, and a running median of each stretch between two gaps. */
export function drawn(series: Series, rows: readonly number[], metric: Metric, against: "time" | "number", window = 25): Drawn {
  const values = rows.map((at) => metric.of(series, at));
  const times = rows.map((at) => series.exposed_at_s[at]!);
  const gap = gapOf(times);
  const isAfterGap = (place: number): boolean => place > 0 && times[place]! - times[place - 1]! > gap;
  const begins = [...values.keys()].filter((place) => place === 0 || isAfterGap(place));
  const medians = begins.flatMap((begin, nth) => runningMedian(values.slice(begin, begins[nth + 1]), window));
  const out: Drawn = { x: [], rows: [], usable: [], rejected: [], middle: [] };
  rows.forEach((at, place) => {
    const now = times[place]!;
    const x = against === "time" ? now : series.number[at]!;
    if (isAfterGap(place)) push(out, against === "time" ? (now + times[place - 1]!) / 2 : x - 0.5, -1, null, null, null);
    const isRejected = isLost(series, at);
    push(out, x, at, isRejected ? null : values[place]!, isRejected ? values[place]! : null, medians[place] ?? undefined);
  });
  return out;
}

function push(out: Drawn, x: number, row: number, usable: number | null, rejected: number | null, middle: number | null | undefined): void {
  out.x.push(x);
  out.rows.push(row);
  out.usable.push(usable);
  out.rejected.push(rejected);
  out.middle.push(middle);
}

/** Why an exposure does not count, in the words of a code; "" while it does. */
export const whyLost = (series: Series, at: number): string =>
  ["lost", "invalid"].includes(series.status[at]!) ? series.reason[at] || series.status[at]! : series.fault[at]!;
export const isLost = (series: Series, at: number): boolean => whyLost(series, at) !== "";

/** Ids of the points inside a brushed box. */
export function brushed(series: Series, shown: Drawn, box: { x: readonly [number, number]; y: readonly [number, number] }): string[] {
  return shown.x.flatMap((x, at) => {
    const value = shown.usable[at] ?? shown.rejected[at] ?? null;
    const inside = shown.rows[at]! >= 0 && value !== null && x >= box.x[0] && x <= box.x[1] && value >= box.y[0] && value <= box.y[1];
    return inside ? [series.ids[shown.rows[at]!]!] : [];
  });
}

/** The same without a pointer: ids of the rows whose value lies in a band; an empty end is open. */
export function inBand(series: Series, rows: readonly number[], metric: Metric, low: number | null, high: number | null): string[] {
  return rows.flatMap((at) => {
    const value = metric.of(series, at);
    return value !== null && (low === null || value >= low) && (high === null || value <= high) ? [series.ids[at]!] : [];
  });
}

/** A stretch of which so little lies outside gaps says nothing of the pace. */
const LEAST_SHARE = 0.2;

/** Exposures per hour in stretches of `stretchS`, by the time outside gaps; null for a stretch within one. The last counts once it has passed. */
export function perHour(timesS: readonly number[], stretchS: number): { x: number[]; y: (number | null)[] } {
  if (timesS.length === 0) return { x: [], y: [] };
  const first = timesS[0]!;
  const last = timesS.at(-1)!;
  const counts = new Array<number>(Math.floor((last - first) / stretchS) + 1).fill(0);
  for (const at of timesS) counts[Math.floor((at - first) / stretchS)]! += 1;
  const whole = counts.length > 1 ? counts.slice(0, -1) : counts;
  const gap = gapOf(timesS);
  const idle = new Array<number>(whole.length).fill(0);
  timesS.slice(1).forEach((to, before) => {
    const from = timesS[before]!;
    if (to - from <= gap) return;
    for (let place = Math.floor((from - first) / stretchS); place <= Math.floor((to - first) / stretchS) && place < idle.length; place += 1) {
      const begin = first + place * stretchS;
      idle[place]! += Math.max(0, Math.min(to, begin + stretchS) - Math.max(from, begin));
    }
  });
  const rate = (count: number, place: number): number | null => {
    const active = stretchS - idle[place]!;
    return active < LEAST_SHARE * stretchS ? null : (count * 3600) / active;
  };
  return { x: whole.map((_count, place) => first + (place + 0.5) * stretchS), y: whole.map(rate) };
}
