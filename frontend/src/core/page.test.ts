import { describe, expect, it } from "vitest";
import { isArmed, press, safe } from "./arming";
import { above, format, parse, placeOf, type Place } from "./permalinks";
import { inAppliedOrder, moves, sortedIds } from "./ranking";
import { click, kept, nothing, step } from "./selection";
import * as units from "./units";
import { codeWords, commandWords, eventWords, honestCount, isMachinery, isRoutine, outcome, stateWord, stepWords, undone, verdictWord } from "./words";

const N = "\u202f";

describe("units", () => {
  it("say what is not measured instead of a number", () => {
    expect([units.ctfFit(null), units.ice(undefined), units.drift(Number.NaN), units.percent(null), units.count(null), units.duration(null)]).toEqual(Array(6).fill("not measured yet"));
  });

  it("carry the microscopist's unit and at most two decimals", () => {
    expect(units.defocus(1.5)).toBe(`1.50${N}µm`);
    expect(units.measuredDefocus(1.5134, 0.0021)).toBe(`1.513${N}± 0.002${N}µm`);
    expect(units.measuredDefocus(1.5, null)).toBe(`1.50${N}µm`);
    expect(units.measuredDefocus(null, null)).toBe("not measured yet");
    expect(units.ctfFit(4.06)).toBe(`4.1${N}Å`);
    expect(units.ice(33.7)).toBe(`34${N}nm`);
    expect(units.astigmatism(12.2)).toBe(`12${N}nm`);
    expect(units.stage(-101.239)).toBe(`\u2212101.24${N}µm`);
    expect(units.drift(-0.001)).toBe(`0.0${N}Å`);
    expect(units.tilt(30)).toBe(`30.0${N}°`);
    expect(units.dose(41.26)).toBe(`41.3${N}e/Å²`);
    expect(units.pixelSize(0.83)).toBe(`0.83${N}Å/px`);
    expect(units.pixelSize(5200)).toBe(`0.52${N}µm/px`);
    expect(units.lengthUm(50)).toBe(`50${N}µm`);
    expect(units.lengthUm(0.2)).toBe(`200${N}nm`);
  });

  it("give an axis as many decimals as tell its ticks apart", () => {
    expect([0, 0.5, 1].map((value) => units.tickText(value, 0.5))).toEqual(["0.0", "0.5", "1.0"]);
    expect([-0.001, -0.0005, 0].map((value) => units.tickText(value, 0.0005))).toEqual(["\u22120.0010", "\u22120.0005", "0.0000"]);
    expect([0, 5_000].map((value) => units.tickText(value, 5_000))).toEqual(["0", "5,000"]);
    expect(units.tickText(0.25, 0.25)).toBe("0.25");
  });

  it("say durations in two parts", () => {
    expect(units.duration(12.9)).toBe(`12${N}s`);
    expect(units.duration(245)).toBe(`4${N}min 05${N}s`);
    expect(units.duration(8040)).toBe(`2${N}h 14${N}min`);
    expect(units.duration(277_000)).toBe(`3${N}d 4${N}h`);
    expect(units.duration(-3)).toBe(`0${N}s`);
    expect(units.minutes(1.5)).toBe(`1${N}min 30${N}s`);
    expect(units.minutes(null)).toBe("not measured yet");
    expect([0, 950, 1500, 52_340_000_000, 1.2e12].map(units.bytes)).toEqual([`0${N}B`, `950${N}B`, `1.5${N}kB`, `52${N}GB`, `1.2${N}TB`]);
    expect(units.bytes(null)).toBe("not measured yet");
  });

  it("count in words", () => {
    expect(units.many(1, "hole")).toBe("1 hole");
    expect(units.many(1204, "hole")).toBe("1,204 holes");
    expect(units.percent(0.914)).toBe(`91${N}%`);
    expect(units.clock("2026-11-21T02:13:44Z", "UTC")).toBe("02:13:44");
    expect(units.parameter(null, "nm")).toBe("off");
    expect(units.parameter(true, "")).toBe("yes");
    expect(units.parameter(false, "")).toBe("no");
    expect(units.parameter(2, "µm")).toBe(`2${N}µm`);
    expect(units.parameter(3, "")).toBe("3");
  });
});

describe("addresses", () => {
  const places: Place[] = [
    { page: "now" },
    { page: "session", session: "20261120_kinase" },
    { page: "decisions", session: "20261120_kinase" },
    { page: "timeline", session: "20261120_kinase" },
    { page: "grid", session: "20261120_kinase", grid: "g03", square: "g03-s17", hole: "g03-s17-h142", overlay: "ice" },
    { page: "grid", session: "a b", grid: "g01" },
  ];

  it("bring a page back whole", () => {
    for (const place of places) {
      const [path, query] = format(place).split("?");
      expect(parse(path!, query)).toEqual(place);
    }
  });

  it("never begin with a slash, so that any prefix works", () => {
    for (const place of places) expect(format(place)).not.toMatch(/^\//);
  });

  it("know a path that is none of ours", () => {
    expect(parse("").page).toBe("now");
    expect(["x", "s", "s/a/b", "s/a/g", "s/a/g/b/c"].map((path) => parse(path).page)).toEqual(Array(5).fill("unknown"));
    expect(format({ page: "unknown" })).toBe("now");
  });

  it("follow from a short id", () => {
    expect(placeOf("a", "g03-s17-h142-x1")).toEqual({ page: "grid", session: "a", grid: "g03", square: "g03-s17", hole: "g03-s17-h142" });
    expect(placeOf("a", "g03")).toEqual({ page: "grid", session: "a", grid: "g03" });
  });

  it("lead one level up", () => {
    const grid: Place = { page: "grid", session: "a", grid: "g01" };
    expect(above({ ...grid, hole: "h" })).toEqual(grid);
    expect(above(grid)).toEqual({ page: "session", session: "a" });
    expect(above({ page: "session", session: "a" })).toEqual({ page: "now" });
  });
});

describe("addresses of microscopes and journals", () => {
  it("come back whole", () => {
    expect(parse("m/Krios%201")).toEqual({ page: "microscope", microscope: "Krios 1" });
    expect(format({ page: "microscope", microscope: "Krios 1" })).toBe("m/Krios%201");
    expect(parse("s/night/journal")).toEqual({ page: "journal", session: "night" });
    expect(format({ page: "journal", session: "night" })).toBe("s/night/journal");
    expect(above({ page: "journal", session: "night" })).toEqual({ page: "session", session: "night" });
    expect(above({ page: "microscope", microscope: "Krios 1" })).toEqual({ page: "now" });
  });
});

describe("selection", () => {
  const order = ["a", "b", "c", "d", "e"];
  const keys = { shift: false, ctrl: false };

  it("replaces, toggles and takes ranges", () => {
    const one = click(nothing, "b", keys, order);
    expect([...click(one, "d", { shift: true, ctrl: false }, order).ids]).toEqual(["b", "c", "d"]);
    const two = click(one, "d", { shift: false, ctrl: true }, order);
    expect([...two.ids]).toEqual(["b", "d"]);
    expect([...click(two, "b", { shift: false, ctrl: true }, order).ids]).toEqual(["d"]);
    expect([...click(two, "e", keys, order).ids]).toEqual(["e"]);
  });

  it("takes a range backwards, and only the end when the start has gone", () => {
    expect([...click(click(nothing, "d", keys, order), "b", { shift: true, ctrl: false }, order).ids]).toEqual(["b", "c", "d"]);
    expect([...click(click(nothing, "z", keys, order), "b", { shift: true, ctrl: false }, order).ids]).toEqual(["b"]);
  });

  it("steps along the order, stays at its ends and extends with shift", () => {
    expect(step(nothing, 1, order).focus).toBe("a");
    expect(step(nothing, -1, order).focus).toBe("e");
    const last = click(nothing, "e", keys, order);
    expect(step(last, 1, order).focus).toBe("e");
    expect([...step(last, -1, order, { shift: true, ctrl: false }).ids]).toEqual(["d", "e"]);
    expect(step(nothing, 1, [])).toBe(nothing);
  });

  it("drops what is not there any more", () => {
    const both = click(click(nothing, "a", keys, order), "e", { shift: false, ctrl: true }, order);
    expect(kept(both, new Set(["a"]))).toEqual({ ids: new Set(["a"]), focus: null, anchor: null });
  });
});

describe("the ranking", () => {
  const rows = [{ id: "a", rank: 2 }, { id: "b", rank: 1 }, { id: "c", rank: null }];

  it("keeps its order until a person applies the sort", () => {
    expect(sortedIds(rows)).toEqual(["b", "a", "c"]);
    expect(inAppliedOrder(rows, ["a", "b", "c"]).map((row) => row.id)).toEqual(["a", "b", "c"]);
    expect(moves(rows, ["a", "b", "c"])).toBe(2);
    expect(moves(rows, sortedIds(rows))).toBe(0);
  });

  it("puts new rows at the end", () => {
    expect(inAppliedOrder([...rows, { id: "d", rank: 0 }], ["a", "b", "c"]).map((row) => row.id)).toEqual(["a", "b", "c", "d"]);
  });
});

describe("two clicks", () => {
  it("act only within three seconds", () => {
    const first = press(safe, 1000);
    expect(first.fire).toBe(false);
    expect(press(first.arming, 4000)).toEqual({ arming: safe, fire: true });
    expect(press(first.arming, 4001).fire).toBe(false);
    expect(isArmed(first.arming, 2000)).toBe(true);
    expect(isArmed(safe, 2000)).toBe(false);
  });
});

describe("what was asked", () => {
  it("stands in the sentence", () => {
    expect(eventWords("command.wished", 1, "start")).toBe("asked the microscope to start the run");
    expect(eventWords("command.done", 1, "stop")).toBe("did what was asked: stop the run");
    expect(eventWords("step.begun", 1, "atlas")).toBe("began to take an atlas");
    expect(eventWords("command.wished", 1)).toBe("asked the microscope");
    expect(commandWords("dance_slowly")).toBe("dance slowly");
    expect(stepWords("unheard_of")).toBe("unheard of");
  });

  it("never shows a code for a reason", () => {
    expect(["off_lattice", "ice_thick", "good", "never_heard"].map(codeWords)).toEqual(["off the lattice", "ice too thick", "good", "never heard"]);
  });

  it("tells each image apart from what turned the night", () => {
    expect(["exposure.taken", "exposure.analysed", "square.imaged"].every(isRoutine)).toBe(true);
    expect(["exposure.changed", "exposure.lost", "atlas.analysed", "grid.finished", "finding.failed"].some(isRoutine)).toBe(false);
  });

  it("leaves the machinery out, but never its trouble", () => {
    expect(["step.begun", "image.shown", "lease.acquired", "run.waiting"].every(isMachinery)).toBe(true);
    expect(["step.failed", "lease.quarantined", "run.paused", "driver.taken"].some(isMachinery)).toBe(false);
  });
});

describe("words", () => {
  const skipped = [{ code: "already_exposed" }, { code: "already_exposed" }, { code: "changed_since" }];

  it("count honestly before and after", () => {
    expect(honestCount("queue", 31, 40, [...Array(9)].map(() => ({ code: "already_exposed" })))).toBe("queue 31 of 40; 9 already exposed");
    expect(honestCount("skip", 4, 4, [])).toBe("skip 4");
    expect(outcome(1, "hole", "queued", skipped)).toBe("1 hole queued; 2 already exposed, 1 changed since");
    expect(undone(130, [{ code: "never_heard_of" }])).toBe("130 restored, 1 never heard of");
  });

  it("name states, verdicts and events, and pass on what they do not know", () => {
    expect(stateWord("suspended").tone).toBe("warn");
    expect(stateWord("held_back").word).toBe("held back");
    expect(verdictWord("re-screen")).toBe("Re-screen");
    expect(verdictWord("later")).toBe("later");
    expect(eventWords("atlas.imaged", 2)).toBe("took an atlas");
    expect(eventWords("hole.changed", 12)).toBe("edited holes (12)");
    expect(["step.begun", "image.shown", "step.unknown", "exposure.taken"].map(isMachinery)).toEqual([true, true, false, false]);
    expect(eventWords("token.created", 1)).toBe("token created");
  });
});
