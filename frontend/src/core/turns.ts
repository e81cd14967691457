/* In which order the grids that have not begun are taken, and moving one among them. */

export interface Waiting {
  readonly id: string;
  readonly status: string;
  readonly turn: number | null;
  readonly position: number;
}

/** Those that have not begun, the next one first: by the turn a person gave, then by slot. */
export function inTurn<Row extends Waiting>(grids: readonly Row[]): Row[] {
  return grids.filter((grid) => grid.status === "waiting").sort((a, b) => (a.turn ?? Infinity) - (b.turn ?? Infinity) || a.position - b.position || 0);
}

/** `ids` with one moved by so many places; the same array where it cannot move. */
export function moved(ids: readonly string[], id: string, by: number): readonly string[] {
  const from = ids.indexOf(id);
  return from === -1 ? ids : movedTo(ids, id, from + by);
}

/** `ids` with one put at a place counted from 0. */
export function movedTo(ids: readonly string[], id: string, to: number): readonly string[] {
  const from = ids.indexOf(id);
  const place = Math.min(ids.length - 1, Math.max(0, to));
  if (from === -1 || place === from) return ids;
  const rest = ids.filter((one) => one !== id);
  return [...rest.slice(0, place), id, ...rest.slice(place)];
}
