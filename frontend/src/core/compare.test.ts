import { describe, expect, it } from "vitest";
import type { Grid } from "../api/sessionTypes";
import { asCsv, compared, conditions, distributions, exposuresOf, squaresOf, toggled, usableShare } from "./compare";
import { METRICS, type Series } from "./series";

const grid = (over: Partial<Grid>): Grid => ({ sample: "ribosome", hole_type: "R2/1", mesh: "300", mesh_material: "gold", notes: "", protocol: { tilt_deg: 0, save_frames: true }, ...over }) as Grid;
const SLUGS = ["g01-s01-h1-x1", "g01-s01-h2-x1", "g01-s02-h1-x1", "g01-s03-h1-x1", "g02-s01-h1-x1"];
const FITS = [4, 6, 3, 9, null];
const SERIES = {
  ids: SLUGS.map((slug) => `id-${slug}`), slugs: SLUGS, grids: SLUGS.map((slug) => slug.slice(0, 3)), ctf_fit_angstrom: FITS,
  status: ["analysed", "analysed", "analysed", "analysed", "transferred"], fault: ["", "drift", "", "", ""], reason: ["", "", "", "", ""],
} as unknown as Series;
const ctf = METRICS.find((one) => one.key === "ctf")!;

describe("a comparison", () => {
  it("holds each grid once and at most six", () => {
    expect(compared("g01,g02,,g01")).toEqual(["g01", "g02"]);
    expect(compared(undefined)).toEqual([]);
    expect(compared("a,b,c,d,e,f,g")).toHaveLength(6);
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });

  it("marks the conditions that differ", () => {
    const rows = conditions([grid({}), grid({ sample: "DDM", protocol: { tilt_deg: 30, save_frames: true } })]);
    expect(rows.map((one) => [one.title, one.differs])).toEqual([["Sample", true], ["Film", false], ["Mesh", false], ["Material", false], ["Tilt", true]]);
  });

  it("draws distributions in the same bins, at the same height", () => {
    const shared = distributions(SERIES, ["g01", "g02"], ctf, 3);
    expect([shared.low, shared.high]).toEqual([3, 9]);
    expect(shared.grids[0]).toEqual({ counts: [2, 1, 1], median: 5, known: 4 });
    expect(shared.grids[1]).toEqual({ counts: [0, 0, 0], median: null, known: 0 });
    expect(shared.tallest).toBe(0.5);
    expect(distributions(SERIES, ["g02"], ctf).high).toBe(1);
  });

  it("picks best, middle and worst, and fewer where there are fewer", () => {
    expect(squaresOf(SERIES, "g01").map((one) => [one.standing, one.slug, one.value])).toEqual([["best", "g01-s02", 3], ["median", "g01-s01", 5], ["worst", "g01-s03", 9]]);
    expect(exposuresOf(SERIES, "g01").map((one) => one.row)).toEqual([2, 0, 3]);
    expect(squaresOf(SERIES, "g02")).toEqual([]);
    expect(exposuresOf({ ...SERIES, ctf_fit_angstrom: [4, null, null, null, null] } as Series, "g01").map((one) => one.standing)).toEqual(["best"]);
  });

  it("knows how many were usable", () => {
    expect([usableShare(SERIES, "g01"), usableShare(SERIES, "g02")]).toEqual([0.75, null]);
  });

  it("becomes a table that no spreadsheet takes for a formula", () => {
    expect(asCsv(["", "g01"], [["Sample", '=cmd "x"'], ["CTF", -3.5], ["None", null]])).toBe(',g01\r\nSample,"\'=cmd ""x"""\r\nCTF,-3.5\r\nNone,');
  });
});
