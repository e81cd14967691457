/* Draws all targets of a picture onto one canvas: state as stroke, class as colour and letter.

   Round targets are sprites mixed in memory and given to the canvas once; outlines and large circles,
   of which few fit on a screen, are drawn above them. Targets that lie closer than a ring is wide
   become dots of their colour. */

import { Layer } from "../core/blit";
import type { View } from "../core/geometry";
import type { Geometry, Looks } from "../core/scene";
import type { Shape } from "./strokes";
import { FOCUSED, CHOSEN, HOVERED, LEAST_RING_PX, markTarget, numberOf, paintTarget, PLAIN, spriteFor, type Mark } from "./targetSprites";

export interface Scene {
  readonly geometry: Geometry;
  readonly looks: Looks;
  /** Row by row whether it is selected; null when none is. */
  readonly chosen: Uint8Array | null;
  /** Rows that the keyboard stands on and the pointer is over; -1 for none. */
  readonly focus: number;
  readonly hovered: number;
}

/** Larger ones are few on a screen and are drawn themselves. */
const LARGEST_SPRITE_PX = 40;
/** A dot fills so much of the way to its neighbour, and is never smaller than this radius. */
const DOT_SHARE = 0.38;
const LEAST_DOT_PX = 1;

/** Keeps the memory that drawing one canvas needs. */
export class TargetCanvas {
  private layer = new Layer(0, 0);
  private image: ImageData | null = null;
  private straight = new Int32Array();

  constructor(private readonly canvas: HTMLCanvasElement) {}

  draw(view: View, scene: Scene): void {
    const ratio = devicePixelRatio;
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null || width === 0 || height === 0) return;
    this.fit(Math.round(width * ratio), Math.round(height * ratio));
    const large = this.mix(view, scene, width, height, ratio);
    this.layer.straightInto(this.straight);
    context.putImageData(this.image!, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const row of large) {
      const shape = shapeOf(view, scene.geometry, row);
      const look = scene.looks.kinds[scene.looks.of[row]!]!;
      paintTarget(context, shape, look);
      markTarget(context, shape, look, markOf(scene, row));
    }
  }

  private fit(width: number, height: number): void {
    if (this.image?.width === width && this.image.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.layer = new Layer(width, height);
    this.image = new ImageData(width, height);
    this.straight = new Int32Array(this.image.data.buffer);
  }

  /** Mixes what is small into the layer; returns the rows in view that are not. */
  private mix(view: View, scene: Scene, width: number, height: number, ratio: number): number[] {
    const { layer } = this;
    layer.clear();
    const { x, y, reach, outlines, radius, pitch } = scene.geometry;
    const { kinds, of } = scene.looks;
    const numbers = kinds.map(numberOf);
    const { scale } = view;
    const least = Math.min(LEAST_RING_PX, Math.max(LEAST_DOT_PX, DOT_SHARE * pitch * scale));
    const large: number[] = [];
    for (let row = 0; row < x.length; row += 1) {
      const cx = (x[row]! + 0.5) * scale + view.x;
      const cy = (y[row]! + 0.5) * scale + view.y;
      const away = reach[row]! * scale + 20;
      if (cx + away < 0 || cy + away < 0 || cx - away > width || cy - away > height) continue;
      const round = Math.max(least, radius[row]! * scale);
      if (outlines[row] !== null || round > LARGEST_SPRITE_PX) {
        large.push(row);
        continue;
      }
      const look = of[row]!;
      const [deviceX, deviceY] = [cx * ratio, cy * ratio];
      const sprite = spriteFor(kinds[look]!, numbers[look]!, round, markOf(scene, row), deviceX, deviceY, ratio);
      layer.put(sprite, Math.floor(deviceX), Math.floor(deviceY));
    }
    return large;
  }
}

function markOf({ chosen, focus, hovered }: Scene, row: number): Mark {
  if (chosen !== null && chosen[row] === 1) return row === focus ? FOCUSED : CHOSEN;
  return row === hovered ? HOVERED : PLAIN;
}

function shapeOf(view: View, geometry: Geometry, row: number): Shape {
  const { scale } = view;
  const x = (geometry.x[row]! + 0.5) * scale + view.x;
  const y = (geometry.y[row]! + 0.5) * scale + view.y;
  const outline = geometry.outlines[row]!;
  if (outline === null) return { x, y, outline: null, radius: Math.max(LEAST_RING_PX, geometry.radius[row]! * scale) };
  const corners: [number, number][] = [];
  let [left, right] = [Infinity, -Infinity];
  for (let at = 0; at < outline.length; at += 2) {
    const corner: [number, number] = [(outline[at]! + 0.5) * scale + view.x, (outline[at + 1]! + 0.5) * scale + view.y];
    left = Math.min(left, corner[0]);
    right = Math.max(right, corner[0]);
    corners.push(corner);
  }
  return { x, y, outline: corners, radius: (right - left) / 2 };
}
