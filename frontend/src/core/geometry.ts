/* Image pixels and screen: where a target is drawn, and which one lies under the pointer. */

export interface XY {
  readonly x: number;
  readonly y: number;
}

/** Screen = scale * image pixel + offset: the viewer turns nothing, so three numbers suffice. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/* Targets are given at the centre of the first pixel; a picture is drawn from its corner. */
export const toScreen = (view: View, x_px: number, y_px: number): XY => ({
  x: (x_px + 0.5) * view.scale + view.x,
  y: (y_px + 0.5) * view.scale + view.y,
});

export const toImage = (view: View, x: number, y: number): XY => ({
  x: (x - view.x) / view.scale - 0.5,
  y: (y - view.y) / view.scale - 0.5,
});

/** A whole picture in the middle of a room, both sizes in pixels: where it would stand were it there. */
export function fitted(picture: { readonly width_px: number; readonly height_px: number }, width: number, height: number): View {
  const scale = Math.min(width / picture.width_px, height / picture.height_px);
  return { scale, x: (width - scale * picture.width_px) / 2, y: (height - scale * picture.height_px) / 2 };
}

export function boxOf(points: readonly (readonly [number, number])[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

export const contains = (box: Box, at: XY): boolean =>
  at.x >= box.left && at.x <= box.right && at.y >= box.top && at.y <= box.bottom;

export const overlaps = (one: Box, other: Box): boolean =>
  one.left <= other.right && other.left <= one.right && one.top <= other.bottom && other.top <= one.bottom;

/** Even-odd rule: a point is inside when a ray from it crosses the outline an odd number of times. */
export function isInside(outline: readonly (readonly [number, number])[], at: XY): boolean {
  let inside = false;
  for (let now = 0, before = outline.length - 1; now < outline.length; before = now, now += 1) {
    const [x1, y1] = outline[now]!;
    const [x0, y0] = outline[before]!;
    if (y1 > at.y !== y0 > at.y && at.x < ((x0 - x1) * (at.y - y1)) / (y0 - y1) + x1) inside = !inside;
  }
  return inside;
}

export interface Shape extends XY {
  readonly outline?: readonly (readonly [number, number])[];
  readonly radius?: number;
}

/** Index of the target under `at` (image pixels), or the nearest within `slack`; -1 for none. */
export function pick(shapes: readonly Shape[], at: XY, slack: number): number {
  let best = -1;
  let nearest = Infinity;
  shapes.forEach((shape, index) => {
    const away = Math.hypot(shape.x - at.x, shape.y - at.y);
    const hit = shape.outline?.length
      ? contains(boxOf(shape.outline), at) && isInside(shape.outline, at)
      : away <= (shape.radius ?? 0);
    const distance = hit ? away * 1e-6 : away;
    if ((hit || away <= slack) && distance < nearest) {
      nearest = distance;
      best = index;
    }
  });
  return best;
}

/** A scale bar: the longest of 1, 2, 5 × 10ⁿ that fits into `room` screen pixels. */
export function scaleBar(umPerScreenPixel: number, room: number): { um: number; px: number } {
  const most = umPerScreenPixel * room;
  const ten = 10 ** Math.floor(Math.log10(most));
  const um = [5, 2, 1].map((times) => times * ten).find((length) => length <= most) ?? ten;
  return { um, px: um / umPerScreenPixel };
}
