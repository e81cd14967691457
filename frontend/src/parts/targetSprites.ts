/* One small drawing for each look, size and mark of a round target, made once and kept. */

import { spriteOf, type Sprite } from "../core/blit";
import type { Look } from "../core/scene";
import { cross, HALO, letter, lineWidth, paint, ring, tick, type Shape } from "./strokes";

export type Mark = 0 | 1 | 2 | 3;
export const PLAIN: Mark = 0;
export const HOVERED: Mark = 1;
export const CHOSEN: Mark = 2;
export const FOCUSED: Mark = 3;

/** Below this radius (px) no stroke is told from another: the target is a dot of its colour. */
export const LEAST_RING_PX = 2.5;
/** Room around a target for ring, halo and tick. */
const MARGIN_PX = 8;
/** So many pixels of four bytes are kept at most. */
const MOST_PIXELS = 4_000_000;
/** Radii are told apart by a quarter, places by half a pixel of the screen. */
const SIZES_PER_PX = 4;
const PHASES = 2;
const numbers = new Map<string, number>();
const sprites = new Map<number, Sprite>();
let pixelsKept = 0;
let easel: CanvasRenderingContext2D | null = null;

/** A number for a look that is the same for equal looks. */
export function numberOf({ ink, stroke, dimmed }: Look): number {
  const key = `${ink.colour}${ink.letter}${stroke}${dimmed}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

/** The sprite of a target at `x`, `y` (px of the screen); `radius` in px of the page. */
export function spriteFor(look: Look, number: number, radius: number, mark: Mark, x: number, y: number, ratio: number): Sprite {
  const size = Math.round(radius * SIZES_PER_PX);
  const [right, down] = [Math.floor(x * PHASES) & 1, Math.floor(y * PHASES) & 1];
  const key = ((((number * 1024 + size) * 4 + mark) * PHASES + right) * PHASES + down) * 1024 + Math.round(ratio * 64);
  const known = sprites.get(key);
  if (known !== undefined) return known;
  const made = drawn(look, size / SIZES_PER_PX, mark, (right + 0.5) / PHASES, (down + 0.5) / PHASES, ratio);
  pixelsKept += made.pixels.length;
  if (pixelsKept > MOST_PIXELS) {
    sprites.clear();
    pixelsKept = made.pixels.length;
  }
  sprites.set(key, made);
  return made;
}

function drawn(look: Look, radius: number, mark: Mark, right: number, down: number, ratio: number): Sprite {
  const middle = Math.ceil((radius + MARGIN_PX) * ratio);
  const side = 2 * middle + 2;
  easel ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (easel === null) return { width: 0, height: 0, x: 0, y: 0, pixels: new Int32Array() };
  easel.canvas.width = easel.canvas.height = side;
  easel.setTransform(ratio, 0, 0, ratio, 0, 0);
  const shape: Shape = { x: (middle + right) / ratio, y: (middle + down) / ratio, outline: null, radius };
  if (radius < LEAST_RING_PX) dot(easel, shape, look, mark);
  else {
    paintTarget(easel, shape, look);
    markTarget(easel, shape, look, mark);
  }
  return spriteOf(easel.getImageData(0, 0, side, side).data, side, side, middle, middle);
}

function dot(context: CanvasRenderingContext2D, { x, y, radius }: Shape, look: Look, mark: Mark): void {
  const disc = (colour: string, reach: number): void => {
    context.beginPath();
    context.arc(x, y, reach, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  };
  context.globalAlpha = opacity(look);
  if (mark !== PLAIN) disc("#ffffff", radius + (mark === FOCUSED ? 1.5 : 0.75));
  disc(look.ink.colour, mark === PLAIN ? radius : 0.7 * radius);
}

const opacity = (look: Look): number => (look.dimmed ? 0.16 : look.stroke === "crossed" ? 0.6 : 1);

export function paintTarget(context: CanvasRenderingContext2D, shape: Shape, look: Look): void {
  const { stroke, ink } = look;
  context.globalAlpha = opacity(look);
  paint(context, shape, stroke, ink.colour);
  if (stroke === "pulsing") ring(context, shape, ink.colour, 4);
  if (stroke === "solid" && shape.radius >= 7) tick(context, shape, ink.colour);
  if (stroke === "crossed") cross(context, shape, ink.colour);
  if (shape.radius >= 11 && ink.letter !== "") letter(context, shape, ink);
  context.globalAlpha = 1;
}

export function markTarget(context: CanvasRenderingContext2D, shape: Shape, look: Look, mark: Mark): void {
  if (mark === PLAIN) return;
  context.beginPath();
  if (shape.outline === null) context.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI);
  else shape.outline.forEach(([x, y], at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.fillStyle = mark === HOVERED ? `${look.ink.colour}26` : `${look.ink.colour}55`;
  context.fill();
  if (mark === HOVERED) return;
  const away = mark === FOCUSED ? 4 : 2.5;
  ring(context, shape, HALO, away, lineWidth("solid", shape) + 1.4);
  ring(context, shape, "#ffffff", away);
}
