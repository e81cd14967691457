/* Targets as flat arrays for drawing thousands: places once per geometry, looks once per colouring. */

import { inkFor, sameInk, strokeOf, type Colouring, type Limits, type Stroke, type Target } from "./overlay";
import type { Ink } from "./palette";

/** Image pixels; `radius` is 0 for a target with an outline. */
export interface Geometry {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
  /** Corners as x, y, x, y …; null for a round target. */
  readonly outlines: readonly (Float32Array | null)[];
  /** How far the target reaches from its centre. */
  readonly reach: Float32Array;
  /** How far targets lie from one another, were they spread evenly; Infinity for fewer than two. */
  readonly pitch: number;
}

export function geometryOf(targets: readonly Target[]): Geometry {
  const count = targets.length;
  const [x, y, radius, reach] = [new Float32Array(count), new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  const outlines = targets.map((target, row) => {
    x[row] = target.x;
    y[row] = target.y;
    if (target.outline === undefined) {
      radius[row] = target.radius ?? 0;
      reach[row] = radius[row]!;
      return null;
    }
    const corners = Float32Array.from(target.outline.flat());
    for (let at = 0; at < corners.length; at += 2) {
      reach[row] = Math.max(reach[row]!, Math.abs(corners[at]! - target.x), Math.abs(corners[at + 1]! - target.y));
    }
    return corners;
  });
  return { x, y, radius, outlines, reach, pitch: pitchOf(x, y) };
}

function pitchOf(x: Float32Array, y: Float32Array): number {
  if (x.length < 2) return Infinity;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let row = 0; row < x.length; row += 1) {
    left = Math.min(left, x[row]!);
    right = Math.max(right, x[row]!);
    top = Math.min(top, y[row]!);
    bottom = Math.max(bottom, y[row]!);
  }
  // a single line of targets has no area: then its length tells
  return Math.max(Math.sqrt(((right - left) * (bottom - top)) / x.length), Math.max(right - left, bottom - top) / x.length);
}

/** Row by row whether the target is selected; null when none is. */
export function chosenOf(targets: readonly Target[], ids: ReadonlySet<string>): Uint8Array | null {
  return ids.size === 0 ? null : Uint8Array.from(targets, (target) => (ids.has(target.id) ? 1 : 0));
}

/** Whether two sets of targets lie in the same places, so that geometry can stay. */
export function samePlaces(before: readonly Target[], now: readonly Target[]): boolean {
  return before.length === now.length && before.every((one, row) => one.id === now[row]!.id && one.x === now[row]!.x && one.y === now[row]!.y && one.radius === now[row]!.radius && one.outline === now[row]!.outline);
}

export interface Look {
  readonly ink: Ink;
  readonly stroke: Stroke;
  readonly dimmed: boolean;
}

/** Few different looks, and which one each target has. */
export interface Looks {
  readonly kinds: readonly Look[];
  readonly of: Uint16Array;
}

export function looksOf(targets: readonly Target[], by: Colouring, limits: Limits, isDimmed: (target: Target) => boolean): Looks {
  const of = new Uint16Array(targets.length);
  const kinds: Look[] = [];
  const sameAs = sameInk(by, limits);
  const inks = new Map<string | number, Map<string, number>>();
  targets.forEach((target, row) => {
    const dimmed = isDimmed(target);
    const stroke = strokeOf(target);
    const same = sameAs(target);
    let places = inks.get(same);
    if (places === undefined) inks.set(same, (places = new Map<string, number>()));
    const key = dimmed ? DIMMED[stroke] : stroke;
    let place = places.get(key);
    if (place === undefined) {
      place = kinds.push({ ink: inkFor(target, by, limits), stroke, dimmed }) - 1;
      places.set(key, place);
    }
    of[row] = place;
  });
  return { kinds, of };
}

const DIMMED: Record<Stroke, string> = { thin: "-thin", dashed: "-dashed", pulsing: "-pulsing", solid: "-solid", crossed: "-crossed", dotted: "-dotted" };

/** The targets whose state became one of an image's between two readings: they were just acquired. */
export function acquired(before: readonly Target[], now: readonly Target[]): Target[] {
  const known = new Map(before.map((target) => [target.id, target.status]));
  const isTaken = (status: string): boolean => ["imaged", "analysed", "done"].includes(status);
  return now.filter((target) => {
    const was = known.get(target.id);
    return was !== undefined && !isTaken(was) && isTaken(target.status);
  });
}

/** Targets that lie outside their picture; the legend counts them instead of losing them. */
export function outside(targets: readonly Target[], width: number, height: number): number {
  return targets.filter((target) => target.x < 0 || target.y < 0 || target.x > width || target.y > height).length;
}
