/* Overlays come as columns: geometry once, then only the rows that changed, named by their index. */

import type { Target } from "./overlay";

type Column = readonly unknown[];
export interface Overlay {
  readonly geometry_version: string;
  readonly as_of_seq: number;
  /** Which rows of the geometry the columns speak of; null for all of them. */
  readonly index: readonly number[] | null;
  readonly [column: string]: unknown;
}

const HEAD = new Set(["geometry_version", "as_of_seq", "index"]);

/** `before` with the changed rows put in; null when the geometry is another one: read it all again. */
export function merged(before: Overlay, change: Overlay): Overlay | null {
  if (change.index === null) return change;
  if (before.geometry_version !== change.geometry_version) return null;
  const columns: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(change)) {
    const old = before[name];
    if (HEAD.has(name) || !Array.isArray(values) || !Array.isArray(old)) continue;
    const column = [...(old as unknown[])];
    change.index.forEach((row, place) => {
      column[row] = values[place];
    });
    columns[name] = column;
  }
  return { ...before, ...columns, as_of_seq: change.as_of_seq, index: null };
}

/** The rows of the columns; columns this kind of target does not have stay unknown. */
export function targetsOf(overlay: Overlay): Target[] {
  const ids = column(overlay, "ids") as readonly string[];
  const at = <Value>(name: string, none: Value): ((row: number) => Value) => {
    const values = column(overlay, name);
    return (row) => (values[row] === undefined || values[row] === null ? none : (values[row] as Value));
  };
  const slug = at("slugs", "");
  const x = at("x_px", 0);
  const y = at("y_px", 0);
  const outline = at<readonly (readonly [number, number])[] | null>("outlines_px", null);
  const radius = at<number | null>("radius_px", null);
  const status = at("status", "found");
  const label = at("label", "");
  const modelLabel = at("model_label", "");
  const probability = at<number | null>("probability", null);
  const queuePosition = at<number | null>("queue_position", null);
  const ice = at<number | null>("ice_thickness_nm", null);
  const intensity = at<number | null>("intensity", null);
  const group = at<string | null>("group", null);
  const groupRole = at("group_role", "");
  const cluster = at<number | null>("cluster", null);
  const predicted = at("predicted", false);
  const external = at("external", false);
  return ids.map((id, row) => {
    const shape = outline(row);
    const round = radius(row);
    return {
      id,
      slug: slug(row),
      x: x(row),
      y: y(row),
      ...(shape !== null && shape.length > 2 ? { outline: shape } : {}),
      ...(round !== null ? { radius: round } : {}),
      status: status(row),
      label: label(row),
      modelLabel: modelLabel(row),
      probability: probability(row),
      queuePosition: queuePosition(row),
      ice: ice(row),
      intensity: intensity(row),
      group: group(row),
      groupRole: groupRole(row),
      cluster: cluster(row),
      predicted: predicted(row),
      external: external(row),
    };
  });
}

function column(overlay: Overlay, name: string): Column {
  const values = overlay[name];
  return Array.isArray(values) ? (values as Column) : [];
}
