/* Which targets a drawn line or box encloses: bounding boxes first, then the even-odd rule on centres. */

import { boxOf, type Box, type XY } from "./geometry";
import type { Geometry } from "./scene";

/** Rows whose centre lies inside the closed line (image pixels). */
export function enclosed(geometry: Geometry, line: readonly XY[]): number[] {
  if (line.length < 3) return [];
  const count = line.length;
  const xs = Float64Array.from(line, (at) => at.x);
  const ys = Float64Array.from(line, (at) => at.y);
  const { left, top, right, bottom } = boxOf(line.map((at) => [at.x, at.y] as const));
  const { x, y } = geometry;
  const found: number[] = [];
  for (let row = 0; row < x.length; row += 1) {
    const [px, py] = [x[row]!, y[row]!];
    if (px < left || px > right || py < top || py > bottom) continue;
    let inside = false;
    for (let now = 0, before = count - 1; now < count; before = now, now += 1) {
      const y1 = ys[now]!;
      const y0 = ys[before]!;
      if (y1 > py !== y0 > py && px < ((xs[before]! - xs[now]!) * (py - y1)) / (y0 - y1) + xs[now]!) inside = !inside;
    }
    if (inside) found.push(row);
  }
  return found;
}

/** Rows whose centre lies in the box between two corners, whichever way they were given. */
export function boxed(geometry: Geometry, from: XY, to: XY): number[] {
  const box = between(from, to);
  const { x, y } = geometry;
  const found: number[] = [];
  for (let row = 0; row < x.length; row += 1) {
    if (x[row]! >= box.left && x[row]! <= box.right && y[row]! >= box.top && y[row]! <= box.bottom) found.push(row);
  }
  return found;
}

export const between = (from: XY, to: XY): Box => ({
  left: Math.min(from.x, to.x),
  top: Math.min(from.y, to.y),
  right: Math.max(from.x, to.x),
  bottom: Math.max(from.y, to.y),
});

/** A hand draws more points than a line needs: those nearer than `least` to the one before are left out. */
export function thinned(line: readonly XY[], least: number): XY[] {
  const kept: XY[] = [];
  for (const at of line) {
    const last = kept.at(-1);
    if (last === undefined || Math.hypot(at.x - last.x, at.y - last.y) >= least) kept.push(at);
  }
  return kept;
}
