/* What is selected: a set of ids and the one the keyboard stands on. Map, table and list share it. */

export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly focus: string | null;
  /** Where a range with Shift begins. */
  readonly anchor: string | null;
}

export const nothing: Selection = { ids: new Set(), focus: null, anchor: null };

export interface Keys {
  readonly shift: boolean;
  readonly ctrl: boolean;
}

/** A click: alone it selects one, with Ctrl it toggles, with Shift it takes the range in `order`. */
export function click(now: Selection, id: string, keys: Keys, order: readonly string[]): Selection {
  if (keys.shift && now.anchor !== null) {
    return { ids: new Set(range(order, now.anchor, id)), focus: id, anchor: now.anchor };
  }
  if (keys.ctrl) {
    const ids = new Set(now.ids);
    if (!ids.delete(id)) ids.add(id);
    return { ids, focus: id, anchor: id };
  }
  return { ids: new Set([id]), focus: id, anchor: id };
}

/** One step along `order` (J, K and the arrows); it stays at the ends. */
export function step(now: Selection, by: 1 | -1, order: readonly string[], keys: Keys = { shift: false, ctrl: false }): Selection {
  if (order.length === 0) return now;
  const at = now.focus === null ? -1 : order.indexOf(now.focus);
  const next = at === -1 ? (by === 1 ? 0 : order.length - 1) : Math.min(order.length - 1, Math.max(0, at + by));
  return click(now, order[next]!, { shift: keys.shift, ctrl: false }, order);
}

export function range(order: readonly string[], from: string, to: string): string[] {
  const [a, b] = [order.indexOf(from), order.indexOf(to)];
  if (a === -1 || b === -1) return [to];
  return order.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** Everything that is still there: rows may vanish while they are selected. */
export function kept(now: Selection, known: ReadonlySet<string>): Selection {
  const ids = new Set([...now.ids].filter((id) => known.has(id)));
  const still = (id: string | null): string | null => (id !== null && known.has(id) ? id : null);
  return { ids, focus: still(now.focus), anchor: still(now.anchor) };
}

export type Manner = "replace" | "add" | "subtract";

/** What a lasso, box, band or legend row does to the selection. */
export function combine(now: Selection, ids: Iterable<string>, manner: Manner): Selection {
  if (manner === "replace") {
    const first = [...ids];
    return { ids: new Set(first), focus: first[0] ?? null, anchor: first[0] ?? null };
  }
  const next = new Set(now.ids);
  for (const id of ids) manner === "add" ? next.add(id) : next.delete(id);
  const focus = now.focus !== null && next.has(now.focus) ? now.focus : (next.values().next().value ?? null);
  return { ids: next, focus, anchor: focus };
}

/** Everything in `order` that is not selected; what lies elsewhere stays as it is. */
export function inverted(now: Selection, order: readonly string[]): Selection {
  const next = new Set(now.ids);
  for (const id of order) if (!next.delete(id)) next.add(id);
  const focus = now.focus !== null && next.has(now.focus) ? now.focus : (order.find((id) => next.has(id)) ?? null);
  return { ids: next, focus, anchor: focus };
}

/** Grown to everything that shares a key (its class, say) with something selected. */
export function grown<Row extends { readonly id: string }>(now: Selection, rows: readonly Row[], keyOf: (row: Row) => string): Selection {
  const keys = new Set(rows.filter((row) => now.ids.has(row.id)).map(keyOf));
  return combine(now, rows.filter((row) => keys.has(keyOf(row))).map((row) => row.id), "add");
}
