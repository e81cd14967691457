/* Between the stage and a picture: where a place in µm lies among its pixels, and a pixel on the stage. */

import type { XY } from "./geometry";

/** Pixels of a picture whose pixels map to the stage by [a, b, tx, c, d, ty], µm; null where they do not. */
export function onPicture(pixelToStage: readonly number[] | null, x_um: number, y_um: number): XY | null {
  if (pixelToStage === null || pixelToStage.length !== 6) return null;
  const [a, b, tx, c, d, ty] = pixelToStage as [number, number, number, number, number, number];
  const area = a * d - b * c;
  if (area === 0) return null;
  const [x, y] = [x_um - tx, y_um - ty];
  return { x: (d * x - b * y) / area, y: (a * y - c * x) / area };
}

/** Where a pixel lies on the stage, µm, by the same matrix; null where the picture has no place. */
export function onStage(pixelToStage: readonly number[] | null, x_px: number, y_px: number): XY | null {
  if (pixelToStage === null || pixelToStage.length !== 6) return null;
  const [a, b, tx, c, d, ty] = pixelToStage as [number, number, number, number, number, number];
  return { x: a * x_px + b * y_px + tx, y: c * x_px + d * y_px + ty };
}

/** The side of a pixel, µm. */
export const pixelSide = ([a = 1, b = 0, , c = 0, d = 1]: readonly number[]): number => Math.sqrt(Math.abs(a * d - b * c));
