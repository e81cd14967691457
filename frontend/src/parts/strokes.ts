/* The strokes of one target on a canvas: outline with a dark halo, ring, tick, cross and letter. */

import type { Stroke } from "../core/overlay";
import type { Ink } from "../core/palette";

export const HALO = "rgba(4, 8, 10, 0.65)";

/** On screen, px; `outline` is null for a round target. */
export interface Shape {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly outline: readonly (readonly [number, number])[] | null;
}

export const lineWidth = (stroke: Stroke, shape: Shape): number => (stroke === "thin" ? 1.25 : shape.radius < 7 ? 1.6 : 2.2);

export function paint(context: CanvasRenderingContext2D, shape: Shape, stroke: Stroke, colour: string): void {
  const width = lineWidth(stroke, shape);
  context.beginPath();
  if (shape.outline === null) context.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI);
  else {
    shape.outline.forEach(([x, y], at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
  }
  context.setLineDash([]);
  context.lineWidth = width + 1.6;
  context.strokeStyle = HALO;
  context.stroke();
  context.setLineDash(dashes(stroke, shape));
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/* On a small ring a fixed dash would look like noise: two half arcs are still seen as broken. */
function dashes(stroke: Stroke, shape: Shape): number[] {
  if (stroke === "dotted") return [1.5, 3];
  if (stroke !== "dashed") return [];
  const quarter = (Math.PI * shape.radius) / 2;
  return shape.outline === null && shape.radius < 9 ? [quarter, quarter] : [5, 4];
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf({ x, y, radius, outline }: Shape): Box {
  if (outline === null) return { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius };
  const [xs, ys] = [outline.map((corner) => corner[0]), outline.map((corner) => corner[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

export function ring(context: CanvasRenderingContext2D, shape: Shape, colour: string, away: number, width = 1.5): void {
  context.beginPath();
  if (shape.outline === null) context.arc(shape.x, shape.y, shape.radius + away, 0, 2 * Math.PI);
  else {
    const box = boxOf(shape);
    context.roundRect(box.left - away, box.top - away, box.width + 2 * away, box.height + 2 * away, 4);
  }
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

export function cross(context: CanvasRenderingContext2D, { x, y, radius }: Shape, colour: string): void {
  const arm = Math.max(2.5, radius * 0.5);
  context.beginPath();
  context.moveTo(x - arm, y - arm);
  context.lineTo(x + arm, y + arm);
  context.moveTo(x + arm, y - arm);
  context.lineTo(x - arm, y + arm);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
}

export function tick(context: CanvasRenderingContext2D, shape: Shape, colour: string): void {
  const box = boxOf(shape);
  context.beginPath();
  context.arc(box.left + box.width - 1, box.top + 1, 3.5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = HALO;
  context.stroke();
}

export function letter(context: CanvasRenderingContext2D, { x, y, radius }: Shape, ink: Ink): void {
  const size = Math.min(15, Math.max(10, radius * 0.8));
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = HALO;
  context.strokeText(ink.letter, x, y);
  context.fillStyle = ink.colour;
  context.fillText(ink.letter, x, y);
}
