/* Draws all targets of a picture onto one canvas: state as stroke, class as colour and letter. */

import { boxOf, overlaps, toScreen, type Box, type View, type XY } from "../core/geometry";
import { strokeOf, type Target } from "../core/overlay";
import type { Ink } from "../core/palette";

export interface Scene {
  readonly targets: readonly Target[];
  readonly inks: readonly Ink[];
  readonly selected: ReadonlySet<string>;
  readonly focus: string | null;
  readonly hovered: number;
  readonly dimmed: (target: Target) => boolean;
}

const HALO = "rgba(4, 8, 10, 0.65)";

export function draw(canvas: HTMLCanvasElement, view: View, scene: Scene): void {
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const screen: Box = { left: -20, top: -20, right: width + 20, bottom: height + 20 };
  scene.targets.forEach((target, index) => {
    const shape = shapeOf(view, target);
    if (overlaps(shape.box, screen)) drawOne(context, target, shape, scene.inks[index]!, scene, index === scene.hovered);
  });
}

interface OnScreen {
  readonly centre: XY;
  readonly outline: [number, number][] | null;
  readonly radius: number;
  readonly box: Box;
}

function shapeOf(view: View, target: Target): OnScreen {
  const centre = toScreen(view, target.x, target.y);
  if (target.outline) {
    const outline = target.outline.map(([x, y]): [number, number] => {
      const at = toScreen(view, x, y);
      return [at.x, at.y];
    });
    const box = boxOf(outline);
    return { centre, outline, radius: (box.right - box.left) / 2, box };
  }
  const radius = Math.max(2.5, (target.radius ?? 0) * view.scale);
  return {
    centre,
    outline: null,
    radius,
    box: { left: centre.x - radius, right: centre.x + radius, top: centre.y - radius, bottom: centre.y + radius },
  };
}

function drawOne(context: CanvasRenderingContext2D, target: Target, shape: OnScreen, ink: Ink, scene: Scene, hovered: boolean): void {
  const stroke = strokeOf(target);
  const chosen = scene.selected.has(target.id);
  const small = shape.radius < 7;
  context.globalAlpha = scene.dimmed(target) ? 0.16 : stroke === "crossed" ? 0.6 : 1;
  trace(context, shape);
  if (chosen || hovered) {
    context.fillStyle = chosen ? `${ink.colour}55` : `${ink.colour}26`;
    context.fill();
  }
  context.setLineDash([]);
  context.lineWidth = (stroke === "thin" ? 1.25 : small ? 1.6 : 2.2) + 1.6;
  context.strokeStyle = HALO;
  context.stroke();
  context.setLineDash(dashes(stroke, shape));
  context.lineWidth = stroke === "thin" ? 1.25 : small ? 1.6 : 2.2;
  context.strokeStyle = ink.colour;
  context.stroke();
  context.setLineDash([]);
  if (stroke === "pulsing") ring(context, shape, ink.colour, 4);
  if (stroke === "solid" && !small) tick(context, shape, ink.colour);
  if (stroke === "crossed") cross(context, shape, ink.colour);
  if (chosen) {
    ring(context, shape, "#ffffff", target.id === scene.focus ? 4 : 2.5);
  }
  if (shape.radius >= 11 && ink.letter !== "") letter(context, shape, ink);
  context.globalAlpha = 1;
}

/* On a small ring a fixed dash would look like noise: two half arcs are still seen as broken. */
function dashes(stroke: string, shape: OnScreen): number[] {
  if (stroke === "dotted") return [1.5, 3];
  if (stroke !== "dashed") return [];
  const quarter = (Math.PI * shape.radius) / 2;
  return shape.outline === null && shape.radius < 9 ? [quarter, quarter] : [5, 4];
}

function trace(context: CanvasRenderingContext2D, shape: OnScreen): void {
  context.beginPath();
  if (shape.outline === null) {
    context.arc(shape.centre.x, shape.centre.y, shape.radius, 0, 2 * Math.PI);
    return;
  }
  shape.outline.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
}

function ring(context: CanvasRenderingContext2D, { box, outline, centre, radius }: OnScreen, colour: string, away: number): void {
  context.beginPath();
  if (outline === null) context.arc(centre.x, centre.y, radius + away, 0, 2 * Math.PI);
  else context.roundRect(box.left - away, box.top - away, box.right - box.left + 2 * away, box.bottom - box.top + 2 * away, 4);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, { centre, radius }: OnScreen, colour: string): void {
  const arm = Math.max(2.5, radius * 0.5);
  context.beginPath();
  context.moveTo(centre.x - arm, centre.y - arm);
  context.lineTo(centre.x + arm, centre.y + arm);
  context.moveTo(centre.x + arm, centre.y - arm);
  context.lineTo(centre.x - arm, centre.y + arm);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
}

function tick(context: CanvasRenderingContext2D, { box }: OnScreen, colour: string): void {
  context.beginPath();
  context.arc(box.right - 1, box.top + 1, 3.5, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = HALO;
  context.stroke();
}

function letter(context: CanvasRenderingContext2D, { centre, radius }: OnScreen, ink: Ink): void {
  const size = Math.min(15, Math.max(10, radius * 0.8));
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = HALO;
  context.strokeText(ink.letter, centre.x, centre.y);
  context.fillStyle = ink.colour;
  context.fillText(ink.letter, centre.x, centre.y);
}
