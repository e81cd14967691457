/* Which rows of a long list are on screen, so that only those are drawn. */

export interface Shelf {
  /** First row that is drawn, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Empty room above and below them, px. */
  readonly above: number;
  readonly below: number;
}

/** `count` items, `across` in a line, lines of `height` px; `spare` lines are drawn beyond either edge. */
export function shelf(count: number, across: number, height: number, scrolled: number, room: number, spare = 6): Shelf {
  const lines = Math.ceil(count / across);
  const first = Math.min(Math.max(0, lines - 1), Math.max(0, Math.floor(scrolled / height) - spare));
  const last = Math.min(lines, Math.ceil((scrolled + room) / height) + spare);
  return { from: first * across, to: Math.min(count, last * across), above: first * height, below: Math.max(0, lines - last) * height };
}

/** Where to scroll so that an item is seen, or null when it is. */
export function scrolledTo(item: number, across: number, height: number, scrolled: number, room: number): number | null {
  const top = Math.floor(item / across) * height;
  if (top < scrolled) return top;
  return top + height > scrolled + room ? top + height - room : null;
}
