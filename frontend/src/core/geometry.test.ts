import { describe, expect, it } from "vitest";
import { boxOf, contains, fitted, isInside, overlaps, pick, scaleBar, toImage, toScreen } from "./geometry";

const square: [number, number][] = [[0, 0], [10, 0], [10, 10], [0, 10]];

describe("image and screen", () => {
  it("are the same place seen twice", () => {
    const view = { scale: 0.37, x: 120, y: -55 };
    const at = toScreen(view, 812, 4003);
    expect(toImage(view, at.x, at.y).x).toBeCloseTo(812, 9);
    expect(toImage(view, at.x, at.y).y).toBeCloseTo(4003, 9);
  });

  it("puts the centre of the first pixel half a pixel from the picture's corner", () => {
    expect(toScreen({ scale: 4, x: 0, y: 0 }, 0, 0)).toEqual({ x: 2, y: 2 });
  });
});

describe("picking", () => {
  it("follows the even-odd rule on a concave outline", () => {
    const hook: [number, number][] = [[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]];
    expect(isInside(hook, { x: 5, y: 1 })).toBe(true);
    expect(isInside(hook, { x: 5, y: 6 })).toBe(false);
  });

  it("prefers the target under the pointer to a nearer centre beside it", () => {
    const shapes = [{ x: 5, y: 5, outline: square }, { x: 11, y: 9 }];
    expect(pick(shapes, { x: 9, y: 9 }, 20)).toBe(0);
  });

  it("takes a near miss within the slack, and nothing beyond", () => {
    const shapes = [{ x: 0, y: 0, radius: 3 }];
    expect(pick(shapes, { x: 5, y: 0 }, 6)).toBe(0);
    expect(pick(shapes, { x: 9, y: 0 }, 6)).toBe(-1);
    expect(pick([], { x: 0, y: 0 }, 6)).toBe(-1);
  });

  it("chooses the nearest of two overlapping holes", () => {
    expect(pick([{ x: 0, y: 0, radius: 8 }, { x: 6, y: 0, radius: 8 }], { x: 4, y: 0 }, 0)).toBe(1);
  });
});

describe("boxes", () => {
  it("enclose their points and know what they touch", () => {
    const box = boxOf(square);
    expect(box).toEqual({ left: 0, top: 0, right: 10, bottom: 10 });
    expect(contains(box, { x: 10, y: 10 })).toBe(true);
    expect(contains(box, { x: 10.1, y: 5 })).toBe(false);
    expect(overlaps(box, { left: 9, top: 9, right: 20, bottom: 20 })).toBe(true);
    expect(overlaps(box, { left: 11, top: 0, right: 20, bottom: 9 })).toBe(false);
  });
});

describe("the scale bar", () => {
  it("is a round length that fits", () => {
    expect(scaleBar(0.5, 100)).toEqual({ um: 50, px: 100 });
    expect(scaleBar(0.03, 100).um).toBe(2);
    expect(scaleBar(0.0004, 120).um).toBeCloseTo(0.02, 9);
  });
});

it("puts a picture that is not there where it would stand", () => {
  const view = fitted({ width_px: 2000, height_px: 1000 }, 500, 400);
  expect(view).toEqual({ scale: 0.25, x: 0, y: 75 });
  expect(toScreen(view, 1000, 500)).toEqual({ x: 250.125, y: 200.125 });
});
