import { expect, it } from "vitest";
import { enclosedBy, framed, onCanvas, spreadOf } from "./stageScatter";

it("fits the grid into the canvas, upright, at one scale", () => {
  const frame = framed([-100, 100], [-50, 50], 248, 148);
  expect(onCanvas(frame, -100, 50)).toEqual({ x: 24, y: 24 });
  expect(onCanvas(frame, 100, -50)).toEqual({ x: 224, y: 124 });
  expect(framed([], [], 10, 10)).toEqual({ scale: 1, left: 0, top: 0 });
  expect(onCanvas(framed([5], [7], 100, 60), 5, 7)).toEqual({ x: 50, y: 30 });
});

it("colours by where most values lie", () => {
  expect(spreadOf([...Array(101).keys()])).toEqual({ low: 5, high: 95 });
  expect(spreadOf([])).toEqual({ low: 0, high: 1 });
});

it("knows what a drawn line holds", () => {
  const places = [{ x: 1, y: 1 }, { x: 5, y: 5 }, { x: 9, y: 9 }];
  expect(enclosedBy(places, [{ x: 0, y: 0 }, { x: 7, y: 0 }, { x: 7, y: 7 }, { x: 0, y: 7 }])).toEqual([0, 1]);
  expect(enclosedBy(places, [{ x: 0, y: 0 }])).toEqual([]);
});
