import { expect, it } from "vitest";
import { onPicture, onStage, pixelSide } from "./stagePlace";

it("a place on the stage is found among the pixels, whatever way the picture lies", () => {
  const turned = [0, 0.5, 100, -0.5, 0, -20];
  expect(onPicture(turned, 100 + 0.5 * 8, -20 - 0.5 * 6)).toEqual({ x: 6, y: 8 });
  expect(onStage(turned, 6, 8)).toEqual({ x: 104, y: -23 });
  expect(pixelSide(turned)).toBe(0.5);
});

it("a picture without a place, or squeezed flat, has no pixels for it", () => {
  expect(onPicture(null, 0, 0)).toBeNull();
  expect(onStage(null, 0, 0)).toBeNull();
  expect(onPicture([1, 1, 0, 1, 1, 0], 3, 4)).toBeNull();
  expect(onPicture([1, 1], 3, 4)).toBeNull();
});
