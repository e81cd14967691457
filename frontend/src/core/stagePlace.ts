/* From the stage back into a picture: where a place in µm lies among its pixels. */

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

/** The side of a pixel, µm. */
export const pixelSide = ([a = 1, b = 0, , c = 0, d = 1]: readonly number[]): number => Math.sqrt(Math.abs(a * d - b * c));
