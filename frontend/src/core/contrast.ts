/* The grey levels of a picture that are shown from black to white, as shares of its whole range. */

export interface Window {
  readonly low: number;
  readonly high: number;
}

/** As the server stretched it. */
export const WHOLE: Window = { low: 0, high: 1 };
const STEP = 0.8;
const NARROWEST = 0.06;

const bounded = (low: number, high: number): Window => ({ low: Math.max(-0.5, low), high: Math.min(1.5, high) });

/** More contrast narrows the window around its middle, less widens it. */
export function steeper({ low, high }: Window): Window {
  const [middle, half] = [(low + high) / 2, Math.max(NARROWEST / 2, ((high - low) / 2) * STEP)];
  return bounded(middle - half, middle + half);
}
export function flatter({ low, high }: Window): Window {
  const [middle, half] = [(low + high) / 2, (high - low) / 2 / STEP];
  return bounded(middle - half, middle + half);
}

/** The window that holds all but `tail` of the levels at each end; `counts` per level, dark to bright. */
export function automatic(counts: readonly number[], tail = 0.005): Window {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return WHOLE;
  const levels = counts.length;
  let [low, high] = [0, levels - 1];
  for (let seen = counts[0]!; seen <= tail * total && low < levels - 1; seen += counts[low]!) low += 1;
  for (let seen = counts[levels - 1]!; seen <= tail * total && high > 0; seen += counts[high]!) high -= 1;
  if (high < low) return WHOLE;
  return { low: low / levels, high: (high + 1) / levels };
}

/** A CSS filter that maps `low` to black and `high` to white: c·(b·v) + (1 − c)/2 with both solved for. */
export function cssFilter({ low, high }: Window, blurPx = 0): string {
  const gain = 1 / (high - low);
  const contrast = 1 + 2 * gain * low;
  const levels = low === 0 && high === 1 ? "" : contrast > 0.02 ? `brightness(${(gain / contrast).toFixed(4)}) contrast(${contrast.toFixed(4)})` : `brightness(${gain.toFixed(4)})`;
  const smooth = blurPx > 0 ? `blur(${blurPx}px)` : "";
  return [levels, smooth].filter((part) => part !== "").join(" ") || "none";
}
