/* How a target looks on a map: colour says its class, stroke says its state, and both are words too.

   Colour is computed here from columns the page already has, so another overlay needs no request. */

import { isMeasure, MEASURES, type Measure } from "./measures";
import { ABOVE_LIMIT, BELOW_LIMIT, inkOf, ramp, UNLABELLED, type Ink } from "./palette";
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
  readonly score: number | null;
  /** Of a square, µm². */
  readonly area: number | null;
  /** Of the exposure of a hole: Å, µm, Å. */
  readonly ctf: number | null;
  readonly defocus: number | null;
  readonly drift: number | null;
  /** Of the group of a hole: how far from its map place it was first seen, µm. */
  readonly targeting?: number | null;
  /** Why it is left out; "" where it is not. */
  readonly reason: string;
  readonly group: number | string | null;
  readonly groupRole: string;
  readonly cluster: number | null;
  readonly predicted: boolean;
  /** Known from another program (an imported session), kept beside ours. */
  readonly external: boolean;
}

export type Colouring = "class" | "person" | "model" | "state" | "group" | "reason" | Measure;
const NAMED: Record<Exclude<Colouring, Measure>, string> = {
  class: "Class",
  person: "A person's label",
  model: "The model's label",
  state: "State",
  group: "Image-shift group",
  reason: "Reason left out",
};
export const colouringTitle = (by: Colouring): string => (isMeasure(by) ? MEASURES[by].title : NAMED[by]);
export const isColouring = (name: string): name is Colouring => isMeasure(name) || Object.hasOwn(NAMED, name);

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
  if (isMeasure(by)) return measured(MEASURES[by].of(target), limits);
  switch (by) {
    case "class":
      return inkOf(classOf(target));
    case "person":
      return inkOf(target.label);
    case "model":
      return inkOf(target.modelLabel);
    case "state":
      return STATE_INKS[target.status] ?? UNLABELLED;
    case "reason":
      return inkOf(target.reason);
    case "group":
      return target.group === null ? UNLABELLED : { colour: inkOf(`g${target.group}`).colour, letter: target.groupRole === "centre" ? "●" : "" };
  }
}

/** What targets of one ink have in common: cheap to read for each of many thousand. */
export function sameInk(by: Colouring, limits: Limits): (target: Target) => string | number {
  if (isMeasure(by)) {
    const { of } = MEASURES[by];
    return (target) => bandOf(of(target), limits);
  }
  switch (by) {
    case "class":
      return classOf;
    case "person":
      return (target) => target.label;
    case "model":
      return (target) => target.modelLabel;
    case "state":
      return (target) => target.status;
    case "reason":
      return (target) => target.reason;
    case "group": {
      const colours = new Map<number | string | null, string>();
      return (target) => {
        let colour = colours.get(target.group);
        if (colour === undefined) colours.set(target.group, (colour = inkFor(target, by, limits).colour));
        return target.group !== null && target.groupRole === "centre" ? `${colour} centre` : colour;
      };
    }
  }
}

/* One colour for each band, so that the map shows what the legend names; what lies outside the limits says on which side. */
function measured(value: number | null, limits: Limits): Ink {
  const band = bandOf(value, limits);
  if (band === UNMEASURED) return UNLABELLED;
  if (band === BELOW) return BELOW_LIMIT;
  if (band === ABOVE) return ABOVE_LIMIT;
  return { colour: ramp(band, 0, BANDS - 1), letter: "" };
}

export interface LegendRow {
  readonly key: string;
  readonly ink: Ink;
  readonly count: number;
}

/** What the colours mean, with how many targets each has: bands by value, all else the most frequent first. */
export function legend(targets: readonly Target[], by: Colouring, limits: Limits): LegendRow[] {
  const rows = new Map<string | number, { first: Target; count: number; least: number }>();
  const value = isMeasure(by) ? MEASURES[by].of : null;
  const sameAs = sameRow(by, limits);
  for (const target of targets) {
    const same = sameAs(target);
    const row = rows.get(same);
    const least = value === null ? 0 : (value(target) ?? Infinity);
    if (row === undefined) rows.set(same, { first: target, count: 1, least });
    else {
      row.count += 1;
      if (least < row.least) row.least = least;
    }
  }
  return [...rows.values()]
    .map(({ first, count, least }) => ({ key: keyOf(first, by, limits), ink: inkFor(first, by, limits), count, least }))
    .sort((a, b) => (a.least === b.least ? b.count - a.count || a.key.localeCompare(b.key) : a.least - b.least))
    .map(({ key, ink, count }) => ({ key, ink, count }));
}

/** The legend row a target belongs to, so that clicking a row can filter. */
export function keyOf(target: Target, by: Colouring, limits: Limits): string {
  if (isMeasure(by)) return bandName(bandOf(MEASURES[by].of(target), limits), limits, MEASURES[by].say);
  switch (by) {
    case "class":
      return classOf(target) || "no class yet";
    case "person":
      return target.label || "no person's label";
    case "model":
      return target.modelLabel || "not looked at by the model";
    case "state":
      return target.status;
    case "reason":
      return target.reason || "not left out";
    case "group":
      return target.group === null ? "in no group" : "in a group";
  }
}

/** What targets of one legend row have in common: cheap to read for each of many thousand. */
function sameRow(by: Colouring, limits: Limits): (target: Target) => string | number {
  if (isMeasure(by)) {
    const { of } = MEASURES[by];
    return (target) => bandOf(of(target), limits);
  }
  return (target) => keyOf(target, by, limits);
}

/* Values are shown in four bands between their limits, numbered from 0, and one on either side. */
const BANDS = 4;
const [UNMEASURED, BELOW, ABOVE] = [-2, -1, BANDS];

function bandOf(value: number | null, { low, high }: Limits): number {
  if (value === null) return UNMEASURED;
  if (value < low) return BELOW;
  if (value > high) return ABOVE;
  return Math.min(BANDS - 1, Math.floor((value - low) / bandWidth(low, high)));
}

function bandName(band: number, { low, high }: Limits, say: (value: number) => string): string {
  if (band === UNMEASURED) return units.UNKNOWN;
  if (band === BELOW) return `below ${say(low)}`;
  if (band === ABOVE) return `above ${say(high)}`;
  const width = bandWidth(low, high);
  return `${say(low + band * width)} to ${say(low + (band + 1) * width)}`;
}

const bandWidth = (low: number, high: number): number => (high - low) / BANDS || 1;

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
  if (target.ctf !== null) parts.push(`CTF fit ${units.ctfFit(target.ctf)}`);
  if (target.external) parts.push("from the imported session");
  if (target.predicted) parts.push("predicted by the lattice, not seen");
  return parts.join(" · ");
}
