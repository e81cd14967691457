import { expect, it } from "vitest";
import { lastWork, pace, remaining, remainingOfGrid, type GridProgress } from "./progress";

const grid = (over: Partial<GridProgress> = {}): GridProgress => ({
  position: 1,
  name: "apo-1",
  status: "waiting",
  counts: { squares: 0, squares_imaged: 0, exposures: 0, exposures_analysed: 0, waiting_for_analysis: 0 },
  ctf_fit_best_angstrom: null,
  ...over,
});
const running = { state: "running", imported: false };
const counts = { squares: 40, squares_imaged: 3, exposures: 11, exposures_analysed: 9, waiting_for_analysis: 2 };

it("says what the microscope is at", () => {
  const grids = [grid({ status: "done" }), grid({ position: 2, name: "apo-2", status: "working", counts, ctf_fit_best_angstrom: 4.06 }), grid({ position: 3 })];
  expect(lastWork(grids, running)).toBe("Grid 2 of 3, apo-2: 3 of 40 squares imaged, 11 exposures, 2 waiting for analysis, best CTF fit 4.1\u202fÅ.");
});

it("does not speak of a CTF fit that nobody measured", () => {
  expect(lastWork([grid({ status: "working", counts: { ...counts, waiting_for_analysis: 0 } })], running)).toBe("Grid 1 of 1, apo-1: 3 of 40 squares imaged, 11 exposures.");
});

it("says each way in which nothing is imaged yet", () => {
  expect(lastWork([], running)).toBe("No grid is described yet.");
  expect(lastWork([grid()], running)).toBe("1 grid planned, nothing imaged yet.");
  expect(lastWork([grid({ status: "done" }), grid()], running)).toBe("1 of 2 grids finished, the next is not loaded yet.");
  expect(lastWork([grid({ status: "loading" })], running)).toContain("being loaded");
  expect(lastWork([grid({ status: "loaded" })], running)).toContain("atlas comes next");
  expect(lastWork([grid({ status: "atlas" })], running)).toContain("atlas is being taken");
});

it("says when it is over, and when it never ran here", () => {
  expect(lastWork([grid({ status: "done" }), grid({ status: "skipped" })], running)).toBe("All 2 grids are finished.");
  expect(lastWork([grid({ status: "done" })], running)).toBe("The grid is finished.");
  expect(lastWork([grid()], { state: "imported", imported: true })).toBe("1 grid imported from files.");
});

it("tells how long the rest, and the grid on the stage, may take once two grids are done", () => {
  const took = (minutes_spent: number | null, status: string) => ({ ...grid({ status, counts }), minutes_spent });
  const night = [took(30, "done"), took(50, "done"), took(20, "working"), took(null, "waiting")];
  expect(remaining(night)).toEqual({ low: 10 + 30, high: 30 + 50 });
  expect(remainingOfGrid(night)).toEqual({ low: 10, high: 30 });
  expect(remainingOfGrid(night.slice(1))).toBeNull();
  expect(remainingOfGrid(night.filter((one) => one.status !== "working"))).toBeNull();
  expect(pace(night)).toEqual({ now: 33, usual: 13.2 });
});
