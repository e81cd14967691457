import { expect, it } from "vitest";
import { pace, remaining, type Paced } from "./progress";

const grid = (status: string, minutes_spent: number | null, exposures = 20): Paced => ({ position: 1, name: "g", status, minutes_spent, ctf_fit_best_angstrom: null, counts: { squares: 1, squares_imaged: 1, exposures, exposures_analysed: 0, waiting_for_analysis: 0 } });

it("compares the grid on the stage with those that are done", () => {
  expect(pace([grid("done", 60), grid("done", 30), grid("done", 20), grid("working", 10, 5)])).toEqual({ now: 30, usual: 40 });
  expect(pace([grid("working", null), grid("waiting", null, 0)])).toEqual({ now: null, usual: null });
});

it("says when the rest is done as a range, and nothing before two were", () => {
  expect(remaining([grid("done", 30), grid("done", 50), grid("working", 40), grid("waiting", null), grid("skipped", null)])).toEqual({ low: 30, high: 60 });
  expect(remaining([grid("done", 30), grid("waiting", null)])).toBeNull();
  expect(remaining([grid("done", 30), grid("done", 50)])).toBeNull();
});
