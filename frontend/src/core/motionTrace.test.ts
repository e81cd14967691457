import { describe, expect, it } from "vitest";
import { motionTraces, scaleBar } from "./motionTrace";

const numbers = (points: string): number[][] => points.split(" ").map((pair) => pair.split(",").map(Number));

describe("the trace of a movie's motion", () => {
  it("fills the square along its longer side, y down, and begins where the movie began", () => {
    const traces = motionTraces([[0, 0], [10, -5], [20, 5]], null)!;
    const points = numbers(traces.whole.points);
    expect(points[0]).toEqual([6, 50]);
    expect(points[2]).toEqual([94, 72]);
    expect(points[1]![1]).toBeLessThan(points[0]![1]!);
    expect(traces.whole.start).toEqual([6, 50]);
    expect(traces.angstromPerUnit).toBeCloseTo(20 / 88);
  });

  it("draws each place of the field around itself at the same scale", () => {
    const field = { places: [[-1, 0], [0, 1]], shifts_angstrom: [[[0, 0], [2, 0]], [[0, 0], [0, -2]]] };
    const traces = motionTraces([[0, 0], [20, 0]], field)!;
    const unit = traces.angstromPerUnit;
    expect(numbers(traces.field[0]!.points)).toEqual([[0, 50], [Number((2 / unit).toFixed(2)), 50]]);
    expect(numbers(traces.field[1]!.points)[1]![1]).toBeCloseTo(100 - 2 / unit);
  });

  it("is none where there is nothing to draw", () => {
    expect(motionTraces(null, null)).toBeNull();
    expect(motionTraces([[1, 1]], null)).toBeNull();
    expect(motionTraces([[0, 0], [0, 0]], null)).toBeNull();
  });

  it("has a bar of a round length that fits", () => {
    for (const scale of [0.01, 0.07, 0.3, 1.9]) {
      const bar = scaleBar(scale);
      expect(bar.units).toBeLessThanOrEqual(40);
      expect(bar.units).toBeGreaterThanOrEqual(15);
      expect([1, 2, 5]).toContain(Number(String(bar.angstrom / 10 ** Math.floor(Math.log10(bar.angstrom) + 1e-9)).slice(0, 1)));
    }
  });
});
