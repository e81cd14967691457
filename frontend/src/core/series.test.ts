import { describe, expect, it } from "vitest";
import { brushed, drawn, GAP_S, gapOf, inBand, median, merged, METRICS, ofGrid, perHour, runningMedian, whyLost, type Series } from "./series";

const times = [0, 60, 120, 120 + GAP_S + 1];
function series(over: Partial<Series> = {}, count = 4): Series {
  const each = <Cell>(of: (at: number) => Cell): Cell[] => [...Array(count).keys()].map(of);
  return {
    as_of_seq: 5, changes_only: false, found: count, downsampled: false,
    ids: each((at) => `e${at}`), slugs: each((at) => `g01-s01-h00${at}-x1`), holes: each((at) => `h${at}`), grids: each((at) => (at < 2 ? "g01" : "g02")),
    number: each((at) => at + 1), exposed_at_s: each((at) => times[at] ?? at), stage_x_um: each((at) => at), stage_y_um: each((at) => -at),
    status: each(() => "analysed"), reason: each(() => ""), label: each(() => ""), fault: each((at) => (at === 1 ? "drift" : "")),
    target_defocus_um: each(() => 1), defocus_um: each((at) => (at === 3 ? null : 1 + at / 10)), astigmatism_nm: each(() => null), ctf_fit_angstrom: each((at) => 4 + at),
    ice_thickness_nm: each(() => 30), drift_total_angstrom: each(() => 5), mean_counts: each(() => 12), particles: each(() => 90), targeting_error_um: each(() => 0.4), analysed_after_s: each(() => 2), ...over,
  };
}
const metric = (key: string) => METRICS.find((one) => one.key === key)!;

describe("exposures as columns", () => {
  it("take in what changed, in the order of time", () => {
    const change = series({ as_of_seq: 9, changes_only: true, ids: ["e1", "new"], exposed_at_s: [60, 90], ctf_fit_angstrom: [9, 3] }, 2);
    const now = merged(series(), change)!;
    expect(now.ids).toEqual(["e0", "e1", "new", "e2", "e3"]);
    expect(now.ctf_fit_angstrom).toEqual([4, 9, 3, 6, 7]);
    expect([now.as_of_seq, now.found]).toEqual([9, 5]);
  });

  it("are read again whole where some were left out, but not for nothing", () => {
    const nothing = series({ as_of_seq: 9, changes_only: true }, 0);
    expect(merged(series({ downsampled: true }), nothing)!.as_of_seq).toBe(9);
    expect(merged(series({ downsampled: true }), series({ changes_only: true }, 1))).toBeNull();
    expect(merged(series(), series({ as_of_seq: 7 }))!.as_of_seq).toBe(7);
  });

  it("name those of one grid", () => {
    expect(ofGrid(series(), "g02")).toEqual([2, 3]);
    expect(ofGrid(series(), null)).toHaveLength(4);
  });

  it("measure defocus against what was aimed at", () => {
    expect([0, 1, 3].map((at) => metric("defocus").of(series(), at))).toEqual([0, expect.closeTo(0.1), null]);
    expect(metric("ctf").of(series(), 2)).toBe(6);
  });
});

describe("a plot", () => {
  it("has a running median that skips what was not measured", () => {
    expect(runningMedian([1, null, 9, 3], 3)).toEqual([5, null, 3, 6]);
    expect([median([]), median([2]), median([4, 1])]).toEqual([null, 2, 2.5]);
  });

  it("draws gaps as gaps and tells rejected ones apart", () => {
    const shown = drawn(series(), ofGrid(series(), null), metric("ctf"), "time", 1);
    expect(shown.rows).toEqual([0, 1, 2, -1, 3]);
    expect(shown.usable).toEqual([4, null, 6, null, 7]);
    expect(shown.rejected).toEqual([null, 5, null, null, null]);
    expect(shown.middle).toEqual([4, 5, 6, null, 7]);
    expect(drawn(series(), [0, 1, 2, 3], metric("ctf"), "number").x).toEqual([1, 2, 3, 3.5, 4]);
  });

  it("goes on past what was not measured, and begins anew after a gap", () => {
    const some = series({ ctf_fit_angstrom: [4, null, 6, 9] });
    expect(drawn(some, [0, 1, 2, 3], metric("ctf"), "time", 25).middle).toEqual([5, undefined, 5, null, 9]);
  });

  it("calls a pause a gap only where exposures are otherwise closer", () => {
    expect(gapOf([0, 60, 120, 180])).toBe(GAP_S);
    expect(gapOf([0, 900, 1800, 2700])).toBe(4500);
    expect([gapOf([]), gapOf([7])]).toEqual([GAP_S, GAP_S]);
  });

  it("says why one does not count", () => {
    const lost = series({ status: ["lost", "invalid", "analysed", "transferred"], reason: ["valves_closed", "", "", ""], fault: ["", "", "ice_thick", ""] });
    expect([0, 1, 2, 3].map((at) => whyLost(lost, at))).toEqual(["valves_closed", "invalid", "ice_thick", ""]);
  });

  it("is brushed by hand or by numbers", () => {
    const shown = drawn(series(), [0, 1, 2, 3], metric("ctf"), "time");
    expect(brushed(series(), shown, { x: [50, 130], y: [4, 6] })).toEqual(["e1", "e2"]);
    expect(inBand(series(), [0, 1, 2, 3], metric("ctf"), 5, null)).toEqual(["e1", "e2", "e3"]);
    expect(inBand(series(), [0, 1, 2, 3], metric("defocus"), null, 0.05)).toEqual(["e0"]);
  });

  it("counts per hour by the time outside gaps, without the stretch that has not ended", () => {
    expect(perHour([0, 300, 620, 1300], 600)).toEqual({ x: [300, 900], y: [12, 6] });
    const [busy, ending, gap] = perHour([...Array(19).keys()].map((at) => 50 * at).concat(3000), 600).y;
    expect(busy).toBe(72);
    expect(ending).toBeCloseTo((7 * 3600) / 300);
    expect(gap).toBeNull();
    expect(perHour([5], 600)).toEqual({ x: [305], y: [6] });
    expect(perHour([], 600)).toEqual({ x: [], y: [] });
  });
});
