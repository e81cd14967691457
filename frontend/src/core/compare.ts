/* Grids side by side: what differs between them, shared scales, and which square stands for which. */

import type { Grid } from "../api/sessionTypes";
import type { ParameterValue } from "../api/vocabularyTypes";
import { parameterWords } from "./plan";
import { isLost, median, type Metric, type Series } from "./series";

export const MOST_COLUMNS = 6;

/** Short ids out of an address, each once, at most six. */
export const compared = (text: string | undefined): string[] => [...new Set((text ?? "").split(",").filter((one) => one !== ""))].slice(0, MOST_COLUMNS);

/** Added to a comparison, or taken out when it stands there already. */
export const toggled = (slugs: readonly string[], slug: string): string[] => (slugs.includes(slug) ? slugs.filter((one) => one !== slug) : [...slugs, slug].slice(0, MOST_COLUMNS));

export interface Condition {
  readonly title: string;
  readonly values: readonly ParameterValue[];
  readonly differs: boolean;
}

const DESCRIBED: readonly (readonly [keyof Grid & string, string])[] = [["sample", "Sample"], ["hole_type", "Film"], ["mesh", "Mesh"], ["mesh_material", "Material"], ["notes", "Notes"]];

/** How the grids were made and taken: what describes them always, parameters only where they differ. */
export function conditions(grids: readonly Grid[]): Condition[] {
  const described = DESCRIBED.map(([key, title]) => condition(title, grids.map((grid) => grid[key] as ParameterValue)));
  const names = [...new Set(grids.flatMap((grid) => Object.keys(grid.protocol)))];
  const differing = names.map((name) => condition(parameterWords(name), grids.map((grid) => grid.protocol[name] ?? null))).filter((one) => one.differs);
  return [...described.filter((one) => one.values.some((value) => value !== "" && value !== null)), ...differing];
}

const condition = (title: string, values: readonly ParameterValue[]): Condition => ({ title, values, differs: new Set(values).size > 1 });

export interface Histogram {
  readonly counts: readonly number[];
  readonly median: number | null;
  readonly known: number;
}

export interface Shared {
  readonly low: number;
  readonly high: number;
  /** The tallest bar of all grids, as a share of its own grid's exposures. */
  readonly tallest: number;
  readonly grids: readonly Histogram[];
}

/** One value's distribution in each grid, in the same bins and at the same height. */
export function distributions(series: Series, slugs: readonly string[], metric: Metric, bins = 24): Shared {
  const values = slugs.map((slug) => series.ids.flatMap((_id, at) => (series.grids[at] === slug ? [metric.of(series, at)] : [])).filter((value) => value !== null));
  const all = values.flat().sort((a, b) => a - b);
  // one wild value does not squeeze all others into a single bar: it stands in the last one
  const [low, high] = all.length === 0 ? [0, 1] : [all[Math.floor(0.01 * (all.length - 1))]!, all[Math.ceil(0.99 * (all.length - 1))]!];
  const width = Math.max((high - low) / bins, 1e-9);
  const grids = values.map((own) => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of own) counts[Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)))]! += 1;
    return { counts, median: median(own), known: own.length };
  });
  const tallest = Math.max(1e-9, ...grids.flatMap((grid) => grid.counts.map((count) => (grid.known === 0 ? 0 : count / grid.known))));
  return { low, high, tallest, grids };
}

export type Standing = "best" | "median" | "worst";
export interface Example {
  readonly standing: Standing;
  /** A square's short id, or an exposure's row in the series. */
  readonly slug: string;
  readonly row: number;
  readonly value: number;
}

const squareOf = (slug: string): string => slug.split("-").slice(0, 2).join("-");

/** Best, middle and worst square of a grid by the median CTF fit of its exposures; fewer where there are fewer. */
export function squaresOf(series: Series, grid: string): Example[] {
  const fits = new Map<string, number[]>();
  series.ids.forEach((_id, at) => {
    const fit = series.ctf_fit_angstrom[at] ?? null;
    if (series.grids[at] !== grid || fit === null) return;
    const square = squareOf(series.slugs[at]!);
    fits.set(square, [...(fits.get(square) ?? []), fit]);
  });
  return threeOf([...fits].map(([slug, values]) => ({ slug, row: -1, value: median(values)! })));
}

/** Best, middle and worst exposure of a grid by CTF fit. */
export function exposuresOf(series: Series, grid: string): Example[] {
  return threeOf(series.ids.flatMap((_id, at) => {
    const fit = series.ctf_fit_angstrom[at] ?? null;
    return series.grids[at] === grid && fit !== null ? [{ slug: series.slugs[at]!, row: at, value: fit }] : [];
  }));
}

function threeOf(rows: readonly { slug: string; row: number; value: number }[]): Example[] {
  const sorted = [...rows].sort((a, b) => a.value - b.value || a.slug.localeCompare(b.slug));
  if (sorted.length === 0) return [];
  const picked: [Standing, number][] = [["best", 0], ["median", (sorted.length - 1) >> 1], ["worst", sorted.length - 1]];
  const seen = new Set<number>();
  return picked.flatMap(([standing, at]) => {
    if (seen.has(at)) return [];
    seen.add(at);
    return [{ standing, ...sorted[at]! }];
  });
}

/** Share of a grid's measured exposures that count as usable; null before any was measured. */
export function usableShare(series: Series, grid: string): number | null {
  const rows = series.ids.flatMap((_id, at) => (series.grids[at] === grid && series.status[at] === "analysed" ? [at] : []));
  return rows.length === 0 ? null : rows.filter((at) => !isLost(series, at)).length / rows.length;
}

/** The comparison as a table of text, for a spreadsheet: one row for each thing, one column for each grid. */
export function asCsv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cell = (value: string | number | null): string => {
    const text = value === null ? "" : String(value);
    // a leading sign would be a formula to a spreadsheet
    const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}
