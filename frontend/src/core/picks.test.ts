import { expect, test } from "vitest";
import { clickAt, diameterSaid, particlesAt, scoreRange, thresholdOf, type PickColumns } from "./picks";

const PICKS: PickColumns = {
  x_px: [100, 400, 250, 60],
  y_px: [100, 300, 420, 440],
  scores: [0.9, 0.8, 0.6, 0.2],
  added: [],
  removed: [],
  reach_px: 40,
  threshold: 0.5,
  own_threshold: null,
};

test("a person's threshold wins over the picker's", () => {
  expect(thresholdOf(PICKS)).toBe(0.5);
  expect(thresholdOf({ ...PICKS, own_threshold: 0.7 })).toBe(0.7);
  expect(thresholdOf({ ...PICKS, threshold: null })).toBe(Infinity);
});

test("what counts follows the threshold and what people said", () => {
  expect(particlesAt(PICKS, 0.5)).toHaveLength(3);
  expect(particlesAt(PICKS, 0.1)).toHaveLength(4);
  const corrected = { ...PICKS, removed: [{ x_px: 402, y_px: 299 }], added: [{ x_px: 20, y_px: 20 }, { x_px: 99, y_px: 101 }] };
  const found = particlesAt(corrected, 0.5);
  expect(found.filter((one) => one.score === null)).toHaveLength(2);
  expect(found.map((one) => one.score).filter((score) => score !== null)).toEqual([0.6]);
});

test("a click takes away what is there and adds what is not", () => {
  const shown = particlesAt(PICKS, 0.5);
  expect(clickAt(shown, { x: 110, y: 95 }, 40)).toEqual({ remove: [{ x_px: 110, y_px: 95 }] });
  expect(clickAt(shown, { x: 200.04, y: 200 }, 40)).toEqual({ add: [{ x_px: 200, y_px: 200 }] });
  expect(clickAt(shown, { x: 60, y: 440 }, 40)).toHaveProperty("add");
});

test("the slider reaches every score and the threshold itself", () => {
  expect(scoreRange(PICKS)).toEqual({ low: 0.2, high: 0.9 });
  expect(scoreRange({ ...PICKS, own_threshold: 1.5 })).toEqual({ low: 0.2, high: 1.5 });
  expect(scoreRange({ ...PICKS, scores: [] })).toBeNull();
  expect(scoreRange({ ...PICKS, threshold: null })).toEqual({ low: 0.2, high: 0.9 });
});

test("a diameter says where it comes from", () => {
  const none = { method: "matched-picker", diameter_angstrom: null, diameter_spread_angstrom: null, other_diameter_angstrom: null };
  expect(diameterSaid(none)).toBe("");
  expect(diameterSaid({ ...none, diameter_angstrom: 96.4 })).toBe("96\u202fÅ as given");
  expect(diameterSaid({ ...none, method: "learnt-picker", diameter_angstrom: 96.4 })).toBe("96\u202fÅ as learnt");
  expect(diameterSaid({ ...none, diameter_angstrom: 96.4, diameter_spread_angstrom: 4.2, other_diameter_angstrom: 180 })).toBe("96\u202fÅ ± 4, or 180\u202fÅ");
});
