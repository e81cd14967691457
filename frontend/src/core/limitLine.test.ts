import { expect, it } from "vitest";
import { bandOf, isBeyond, pixelOf, valueAt } from "./limitLine";

const scale = { low: 2, high: 12, top: 10, height: 100 };

it("a line lies where its value is drawn, and a drag gives the value back", () => {
  expect(pixelOf(scale, 12)).toBe(10);
  expect(pixelOf(scale, 7)).toBe(60);
  expect(valueAt(scale, 60)).toBe(7);
  expect(valueAt(scale, pixelOf(scale, 3.25))).toBeCloseTo(3.25);
});

it("a drag beyond the plot stays at its edge, and a flat plot divides by nothing", () => {
  expect([valueAt(scale, -50), valueAt(scale, 900)]).toEqual([12, 2]);
  expect(Number.isFinite(pixelOf({ ...scale, high: 2 }, 2))).toBe(true);
});

it("either side of it may be the bad one", () => {
  expect([bandOf("over", 6), bandOf("under", 6)]).toEqual([{ low: null, high: 6 }, { low: 6, high: null }]);
  expect([isBeyond("over", 6, 7), isBeyond("over", 6, 6), isBeyond("under", 6, 5)]).toEqual([true, false, true]);
});
