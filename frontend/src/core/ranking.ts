/* The order of a ranking never jumps by itself: values change in place, a person applies the sort. */

export interface Ranked {
  readonly id: string;
  readonly rank: number | null;
}

/** Rows in the order last applied; rows that came since stand at the end, in rank order. */
export function inAppliedOrder<Row extends Ranked>(rows: readonly Row[], applied: readonly string[]): Row[] {
  const place = new Map(applied.map((id, index) => [id, index]));
  return [...rows].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || byRank(a, b));
}

export const sortedIds = (rows: readonly Ranked[]): string[] => [...rows].sort(byRank).map((row) => row.id);

/** How many rows would stand elsewhere if the sort were applied now. */
export function moves(rows: readonly Ranked[], applied: readonly string[]): number {
  const shown = inAppliedOrder(rows, applied);
  return sortedIds(rows).filter((id, index) => shown[index]?.id !== id).length;
}

function byRank(a: Ranked, b: Ranked): number {
  return (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.id.localeCompare(b.id) || 0;
}
