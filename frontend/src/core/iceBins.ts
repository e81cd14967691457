/* Bins of ice thickness: which lie in a range, and how tall the tallest is. */

/** Whether most of a bin lies within the limits, nm. */
export function inRange(bin: number, bin_nm: number, low: number, high: number): boolean {
  const middle = (bin + 0.5) * bin_nm;
  return middle >= low && middle <= high;
}

/** At least 1, so that empty counts may be divided by it. */
export const tallest = (counts: readonly number[]): number => Math.max(1, ...counts);
