/* Measured values a target may have: their names, units and the range colours are stretched over. */

import type { Target } from "./overlay";
import * as units from "./units";

export type Measure = "ice" | "probability" | "score" | "area" | "grey" | "ctf" | "defocus" | "drift" | "targeting" | "queue";

export interface MeasureKind {
  readonly title: string;
  readonly say: (value: number) => string;
  readonly unit: string;
  readonly decimals: number;
  readonly of: (target: Target) => number | null;
  /** What the grid's limit preview calls it; "" where none can be set. */
  readonly squares: string;
  readonly holes: string;
}

const plain = (decimals: number, unit = "") => (value: number): string => `${value.toFixed(decimals)}${unit === "" ? "" : `\u202f${unit}`}`;

export const MEASURES: Record<Measure, MeasureKind> = {
  ice: { title: "Ice thickness", say: units.ice, unit: "nm", decimals: 0, of: (one) => one.ice, squares: "", holes: "hole_ice" },
  probability: { title: "Model's certainty", say: units.percent, unit: "", decimals: 2, of: (one) => one.probability, squares: "square_probability", holes: "" },
  score: { title: "Selector's score", say: plain(2), unit: "", decimals: 2, of: (one) => one.score, squares: "square_score", holes: "hole_score" },
  area: { title: "Area", say: plain(0, "µm²"), unit: "µm²", decimals: 0, of: (one) => one.area, squares: "square_area", holes: "" },
  grey: { title: "Grey level", say: plain(2), unit: "", decimals: 2, of: (one) => one.intensity, squares: "square_grey", holes: "hole_grey" },
  ctf: { title: "CTF fit", say: units.ctfFit, unit: "Å", decimals: 1, of: (one) => one.ctf, squares: "", holes: "" },
  defocus: { title: "Defocus", say: units.defocus, unit: "µm", decimals: 2, of: (one) => one.defocus, squares: "", holes: "" },
  drift: { title: "Drift", say: units.drift, unit: "Å", decimals: 1, of: (one) => one.drift, squares: "", holes: "" },
  targeting: { title: "Targeting error", say: units.stage, unit: "µm", decimals: 2, of: (one) => one.targeting ?? null, squares: "", holes: "" },
  queue: { title: "Place in the queue", say: plain(0), unit: "", decimals: 0, of: (one) => one.queuePosition, squares: "", holes: "" },
};

export const isMeasure = (name: string): name is Measure => Object.hasOwn(MEASURES, name);

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The known values of a measure, smallest first. */
export function valuesOf(targets: readonly Target[], measure: Measure): Float64Array {
  const { of } = MEASURES[measure];
  const values = Float64Array.from(targets.flatMap((target) => of(target) ?? []));
  return values.sort();
}

/** The middle 96 % of sorted values, a little wider when they are all alike; null without any. */
export function spread(sorted: Float64Array): Range | null {
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const [low, high] = [at(0.02), at(0.98)];
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** What colours and the legend are stretched over: the grid's own limits for ice, else what was measured. */
export function rangeFor(measure: Measure, targets: readonly Target[], ice: Range): Range {
  if (measure === "ice") return ice;
  if (measure === "probability") return { low: 0.5, high: 1 };
  return spread(valuesOf(targets, measure)) ?? { low: 0, high: 1 };
}

/** How many of the sorted values fall into each of `bins` equal parts of the range; ends are kept in. */
export function histogram(sorted: Float64Array, { low, high }: Range, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of sorted) {
    const place = Math.min(bins - 1, Math.max(0, Math.floor(((value - low) / (high - low || 1)) * bins)));
    counts[place]! += 1;
  }
  return counts;
}

export interface Band {
  readonly low: number | null;
  readonly high: number | null;
}

/** Ids of the targets whose value lies in the band; those without a value never do. */
export function inBand(targets: readonly Target[], measure: Measure, band: Band): string[] {
  const { of } = MEASURES[measure];
  return targets.flatMap((target) => {
    const value = of(target);
    return value !== null && holds(band, value) ? [target.id] : [];
  });
}

export const holds = ({ low, high }: Band, value: number): boolean => (low === null || value >= low) && (high === null || value <= high);

export interface Consequence {
  readonly kept: number;
  readonly lost: number;
  readonly gained: number;
  readonly unmeasured: number;
  readonly by_people: number;
  readonly spent: number;
  /** Of those outside the band: which a person called good or asked for. */
  readonly overruled: number;
}

/** "keeps 1,204, loses 96; 14 outside it stay because a person wants them". */
export function consequenceWords(found: Consequence): string {
  const head = `keeps ${units.count(found.kept)}, loses ${units.count(found.lost)}`;
  const gained = found.gained > 0 ? `, would take in ${units.count(found.gained)}` : "";
  const rest = [
    found.overruled > 0 ? `${units.count(found.overruled)} outside it ${found.overruled === 1 ? "stays" : "stay"}, as a person wants ${found.overruled === 1 ? "it" : "them"}` : "",
    found.unmeasured > 0 ? `${units.count(found.unmeasured)} not measured` : "",
    found.spent > 0 ? `${units.count(found.spent)} exposed already` : "",
  ].filter((part) => part !== "");
  return `${head}${gained}${rest.length === 0 ? "" : `; ${rest.join(", ")}`}`;
}
