/* Exposures where they lie on the grid: stage micrometres onto a canvas, and back. */

import { isInside, type XY } from "./geometry";

export interface Frame {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Fits stage places (µm, y upwards) into a canvas with a margin, at one scale for both directions. */
export function framed(x: readonly number[], y: readonly number[], width: number, height: number, margin = 24): Frame {
  if (x.length === 0) return { scale: 1, left: 0, top: 0 };
  const [low, high] = [Math.min(...x), Math.max(...x)];
  const [least, most] = [Math.min(...y), Math.max(...y)];
  const scale = Math.min((width - 2 * margin) / Math.max(high - low, 1), (height - 2 * margin) / Math.max(most - least, 1));
  return { scale, left: width / 2 - ((low + high) / 2) * scale, top: height / 2 + ((least + most) / 2) * scale };
}

export const onCanvas = (frame: Frame, x: number, y: number): XY => ({ x: frame.left + x * frame.scale, y: frame.top - y * frame.scale });

/** The band most values lie in: 5 to 95 of a hundred, so that one bad exposure does not flatten the colours. */
export function spreadOf(values: readonly number[]): { low: number; high: number } {
  if (values.length === 0) return { low: 0, high: 1 };
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return { low: at(0.05), high: at(0.95) };
}

/** Rows of the places (canvas pixels) that a drawn line encloses. */
export function enclosedBy(places: readonly XY[], line: readonly XY[]): number[] {
  if (line.length < 3) return [];
  const outline = line.map((at) => [at.x, at.y] as const);
  return places.flatMap((at, row) => (isInside(outline, at) ? [row] : []));
}
