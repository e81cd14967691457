import { describe, expect, it } from "vitest";
import type { Learnt } from "../api/studyTypes";
import { averagesSaid, classSaid, learntSaid } from "./studies";

const learnt: Learnt = { clicks: 20, exposures: 3, shown: 12, hits: 11, taken_away: 8, kept: 1, f1: 0.9167 };

describe("studies of particles in words", () => {
  it("says what was learnt and how it judges clicks it was not shown", () => {
    expect(learntSaid(learnt)).toBe("learnt from 20 clicks, 3 exposures read. On clicks it was not shown: 11 of 12 added particles found, 7 of 8 taken away left out (F1\u202f0.92).");
  });
  it("leaves out what no click was about", () => {
    expect(learntSaid({ ...learnt, taken_away: 0, kept: 0 })).not.toContain("taken away");
    expect(learntSaid({ ...learnt, shown: 0, hits: 0, taken_away: 0 })).toBe("learnt from 20 clicks, 3 exposures read.");
  });
  it("names junk, and no resolution where there is none", () => {
    expect(classSaid({ count: 1, junk: true, score: 0, chance: 0, resolution_angstrom: null })).toBe("1 particle, junk");
    expect(classSaid({ count: 40, junk: false, score: 0.5, chance: 0.1, resolution_angstrom: 17.6 })).toBe("40 particles, halves agree to 18\u202fÅ");
  });
  it("tells how many show nothing, also of none", () => {
    expect(averagesSaid({ particles: 200, exposures: 4, box_px: 64, pixel_size_angstrom: 3, junk_particles: 50, classes: [] })).toContain("25");
    expect(averagesSaid({ particles: 0, exposures: 0, box_px: 64, pixel_size_angstrom: 3, junk_particles: 0, classes: [] })).toContain("0 particles");
  });
});
