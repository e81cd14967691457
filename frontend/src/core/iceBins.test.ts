import { expect, it } from "vitest";
import { inRange, tallest } from "./iceBins";

it("a bin is in range when its middle is", () => {
  expect([0, 1, 9, 10].map((bin) => inRange(bin, 10, 10, 100))).toEqual([false, true, true, false]);
  expect(inRange(1, 10, 16, 100)).toBe(false);
});

it("empty counts can be drawn", () => {
  expect(tallest([0, 0])).toBe(1);
  expect(tallest([3, 8])).toBe(8);
});
