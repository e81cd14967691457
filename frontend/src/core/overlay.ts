/* How a target looks on a map: colour says its class, stroke says its state, and both are words too.

   Colour is computed here from columns the page already has, so another overlay needs no request. */

import { inkOf, ramp, UNLABELLED, type Ink } from "./palette";
import * as units from "./units";
import { codeWords } from "./words";

export interface Target {
  readonly id: string;
  readonly slug: string;
  readonly x: number;
  readonly y: number;
  readonly outline?: readonly (readonly [number, number])[];
  readonly radius?: number;
  readonly status: string;
  readonly label: string;
  readonly modelLabel: string;
  readonly probability: number | null;
  readonly queuePosition: number | null;
  readonly ice: number | null;
  readonly intensity: number | null;
  readonly group: number | string | null;
  readonly groupRole: string;
  readonly cluster: number | null;
  readonly predicted: boolean;
  /** Known from another program (an imported session), kept beside ours. */
  readonly external: boolean;
}

export type Colouring = "class" | "state" | "ice" | "group" | "probability";
export const COLOURINGS: Record<Colouring, string> = {
  class: "Class",
  state: "State",
  ice: "Ice thickness",
  group: "Image-shift group",
  probability: "Model's certainty",
};

export type Stroke = "thin" | "dashed" | "pulsing" | "solid" | "crossed" | "dotted";
const STROKES: Record<string, Stroke> = {
  found: "thin",
  queued: "dashed",
  imaging: "pulsing",
  imaged: "solid",
  analysed: "solid",
  done: "solid",
  skipped: "crossed",
  rejected: "crossed",
  lost: "crossed",
};

const STATE_INKS: Record<string, Ink> = {
  found: UNLABELLED,
  queued: { colour: "#56b4e9", letter: "Q" },
  imaging: { colour: "#f0e442", letter: "I" },
  imaged: { colour: "#3ddc97", letter: "M" },
  analysed: { colour: "#3ddc97", letter: "A" },
  done: { colour: "#3ddc97", letter: "D" },
  skipped: { colour: "#cc79a7", letter: "S" },
  rejected: { colour: "#e69f00", letter: "R" },
  lost: { colour: "#ff7b6b", letter: "L" },
};

export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** The person's class where there is one, else the model's. */
export const classOf = (target: Target): string => target.label || target.modelLabel;

export const strokeOf = (target: Target): Stroke =>
  target.external ? "dotted" : (STROKES[target.status] ?? "thin");

/** Colour and letter of a target under the chosen colouring; `limits` bound measured values. */
export function inkFor(target: Target, by: Colouring, limits: Limits): Ink {
  switch (by) {
    case "class":
      return inkOf(classOf(target));
    case "state":
      return STATE_INKS[target.status] ?? UNLABELLED;
    case "ice":
      return measured(target.ice, limits);
    case "probability":
      return measured(target.probability, { low: 0.5, high: 1 });
    case "group":
      return target.group === null ? UNLABELLED : { colour: inkOf(`g${target.group}`).colour, letter: target.groupRole === "centre" ? "●" : "" };
  }
}

const measured = (value: number | null, limits: Limits): Ink =>
  value === null ? UNLABELLED : { colour: ramp(value, limits.low, limits.high), letter: "" };

export interface LegendRow {
  readonly key: string;
  readonly ink: Ink;
  readonly count: number;
}

/** What the colours mean, with how many targets each has; the most frequent first. */
export function legend(targets: readonly Target[], by: Colouring, limits: Limits): LegendRow[] {
  const rows = new Map<string, { ink: Ink; count: number }>();
  for (const target of targets) {
    const key = keyOf(target, by, limits);
    const row = rows.get(key) ?? { ink: inkFor(target, by, limits), count: 0 };
    rows.set(key, { ...row, count: row.count + 1 });
  }
  return [...rows].map(([key, row]) => ({ key, ...row })).sort((a, b) => b.count - a.count || a.key.localeCompare(b.key));
}

/** The legend row a target belongs to, so that clicking a row can filter. */
export function keyOf(target: Target, by: Colouring, limits: Limits): string {
  switch (by) {
    case "class":
      return classOf(target) || "no class yet";
    case "state":
      return target.status;
    case "ice":
      return band(target.ice, limits, units.ice);
    case "probability":
      return band(target.probability, { low: 0.5, high: 1 }, units.percent);
    case "group":
      return target.group === null ? "in no group" : "in a group";
  }
}

function band(value: number | null, { low, high }: Limits, say: (value: number) => string): string {
  if (value === null) return units.UNKNOWN;
  if (value < low) return `below ${say(low)}`;
  if (value > high) return `above ${say(high)}`;
  const width = (high - low) / 4 || 1;
  const start = low + Math.min(3, Math.floor((value - low) / width)) * width;
  return `${say(start)} to ${say(start + width)}`;
}

/** A screen reader and the hover line say the same as colour and stroke. */
export function sentence(target: Target): string {
  const named = target.label
    ? `${codeWords(target.label)} (a person)`
    : target.modelLabel
      ? `${codeWords(target.modelLabel)}${target.probability === null ? "" : `, ${units.percent(target.probability)}`}`
      : "no class yet";
  const parts = [target.slug, named, target.status];
  if (target.status === "queued" && target.queuePosition !== null) parts.push(`place ${target.queuePosition}`);
  if (target.ice !== null) parts.push(`ice ${units.ice(target.ice)}`);
  if (target.external) parts.push("from the imported session");
  if (target.predicted) parts.push("predicted by the lattice, not seen");
  return parts.join(" · ");
}
