/* A line across a plot: where it lies on screen, and what lies beyond it. */

export interface Scale {
  /** Values at the lower and the upper edge of the plot. */
  readonly low: number;
  readonly high: number;
  /** Pixels from the top of the holder to the plot, and its height. */
  readonly top: number;
  readonly height: number;
}
export type Side = "over" | "under";

export const pixelOf = ({ low, high, top, height }: Scale, value: number): number => top + (height * (high - value)) / (high - low || 1);

/** The value under a pixel, kept within the plot and rounded to a five-hundredth of it. */
export function valueAt({ low, high, top, height }: Scale, y: number): number {
  const share = Math.min(1, Math.max(0, (y - top) / (height || 1)));
  const step = 10 ** Math.floor(Math.log10((high - low || 1) / 500));
  return Number((Math.round((high - share * (high - low)) / step) * step).toPrecision(6));
}

/** The line as a band: what lies within it is on the good side. */
export const bandOf = (side: Side, value: number): { low: number | null; high: number | null } => (side === "over" ? { low: null, high: value } : { low: value, high: null });

export const isBeyond = (side: Side, line: number, value: number): boolean => (side === "over" ? value > line : value < line);
