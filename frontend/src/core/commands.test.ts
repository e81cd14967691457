import { describe, expect, it } from "vitest";
import type { Grid, Session } from "../api/sessionTypes";
import { matches, offers, type Known } from "./commands";

const known: Known = {
  place: { page: "grid", session: "night", grid: "g01", square: "g01-s05" },
  sessions: [{ name: "night", group: "lab" }, { name: "20261101_kinase", group: "lab" }] as Session[],
  grids: [{ slug: "g01", name: "rib-1", sample: "ribosome", position: 1 }, { slug: "g02", name: "rib-2", sample: "DDM", position: 2 }] as Grid[],
  edits: true,
};
const first = (typed: string, over: Partial<Known> = {}) => offers(typed, { ...known, ...over })[0];

describe("the palette", () => {
  it("jumps to a short id", () => {
    expect(first("g01-s17-h142")?.goes).toEqual({ page: "grid", session: "night", grid: "g01", square: "g01-s17", hole: "g01-s17-h142" });
    expect(first("g01-s17", { place: { page: "now" } })).toBeUndefined();
  });

  it("understands acts on what is open", () => {
    expect(first("skip hole 255")?.act).toEqual({ type: "holes", slug: "g01-s05-h255", set: { skip: true } });
    expect(first("unskip hole 7")?.act).toEqual({ type: "holes", slug: "g01-s05-h007", set: { skip: false } });
    expect(first("queue square 7")?.act).toEqual({ type: "squares", slug: "g01-s07", set: { queue: true } });
    expect(first("unqueue g01-s05-h003")?.act).toEqual({ type: "holes", slug: "g01-s05-h003", set: { queue: false } });
    expect(first("label g01-s02 as cracked")?.act).toEqual({ type: "squares", slug: "g01-s02", set: { label: "cracked" } });
    expect(first("skip grid 2")?.act).toEqual({ type: "grid", slug: "g02", set: { skip: true } });
    expect(first("queue rib-1")?.act).toEqual({ type: "grid", slug: "g01", set: { queue: true } });
    expect(first("rescreen rib-2")?.act).toEqual({ type: "verdict", slug: "g02", verdict: "re-screen" });
  });

  it("offers no act that means nothing, and none to those who only look", () => {
    for (const typed of ["skip hole 255 please", "label hole 3", "discard nowhere", "unskip grid 2", "skip hole x"]) expect(offers(typed, known).every((one) => one.act === undefined)).toBe(true);
    expect(offers("skip hole 3", { ...known, place: { page: "now" } }).every((one) => one.act === undefined)).toBe(true);
    expect(offers("skip hole 3", { ...known, edits: false })).toEqual([]);
  });

  it("finds pages, grids and sessions by any of their words", () => {
    expect(offers("rib dd", known).map((one) => one.title)).toEqual(["rib-2"]);
    expect(offers("kinase", known)[0]?.goes).toEqual({ page: "session", session: "20261101_kinase" });
    expect(offers("live", known)[0]?.goes).toEqual({ page: "live", session: "night" });
    expect(offers("live", { ...known, place: { page: "now" } })).toEqual([]);
    expect(offers("paus", known)[0]?.act).toEqual({ type: "pause" });
    expect(offers("", known).length).toBe(12);
    expect(matches("Decisions and audit", "aud dec")).toBe(true);
  });
});
