/* Squares that show what a limit does: which they are, and what of each it keeps. */

import { holds, type Band } from "./measures";

export interface Sampled {
  readonly id: string;
  readonly values: readonly (number | null)[];
}

/** Of the measured values of one square: how many lie in the band, and how many do not. */
export function counted({ values }: Sampled, band: Band): { kept: number; lost: number } {
  const known = values.filter((value): value is number => value !== null);
  const kept = known.filter((value) => holds(band, value)).length;
  return { kept, lost: known.length - kept };
}

/** Up to `most` ids spread evenly over a list, its first and last among them. */
export function spreadOver(ids: readonly string[], most: number): string[] {
  if (ids.length <= most) return [...ids];
  return Array.from({ length: most }, (_none, at) => ids[Math.round((at * (ids.length - 1)) / (most - 1))]!);
}
