import { describe, expect, it } from "vitest";
import { automatic, cssFilter, flatter, steeper, WHOLE } from "./contrast";
import { consequenceWords, histogram, inBand, isMeasure, MEASURES, rangeFor, spread, valuesOf } from "./measures";
import { colouringTitle, isColouring } from "./overlay";
import { target } from "./targets.fixture";

const holes = [5, 20, null, 60, 120].map((ice, at) => target({ id: `${at}`, ice }));

describe("a measure", () => {
  it("gives its known values sorted and leaves the others out", () => {
    expect([...valuesOf(holes, "ice")]).toEqual([5, 20, 60, 120]);
    expect(inBand(holes, "ice", { low: 20, high: 60 })).toEqual(["1", "3"]);
    expect(inBand(holes, "ice", { low: null, high: null })).toEqual(["0", "1", "3", "4"]);
  });

  it("is said with its unit", () => {
    expect(MEASURES.area.say(3391.4)).toBe("3391\u202fµm²");
    expect(MEASURES.score.say(0.456)).toBe("0.46");
    expect(isMeasure("ice")).toBe(true);
    expect(isMeasure("class")).toBe(false);
    expect(isColouring("group") && isColouring("ctf") && !isColouring("toString")).toBe(true);
    expect(colouringTitle("ctf")).toBe("CTF fit");
    expect(colouringTitle("class")).toBe("Class");
  });

  it.each(Object.keys(MEASURES) as (keyof typeof MEASURES)[])("%s of a bare target is unknown", (name) => {
    expect(MEASURES[name].of(target())).toBeNull();
  });
});

describe("the range colours are stretched over", () => {
  it("is the grid's for ice and what was measured for others, outliers left out", () => {
    const ice = { low: 10, high: 100 };
    expect(rangeFor("ice", holes, ice)).toBe(ice);
    expect(rangeFor("probability", holes, ice)).toEqual({ low: 0.5, high: 1 });
    const many = Array.from({ length: 101 }, (_, at) => target({ ctf: at }));
    expect(rangeFor("ctf", many, ice)).toEqual({ low: 2, high: 98 });
    expect(rangeFor("ctf", [], ice)).toEqual({ low: 0, high: 1 });
  });

  it("is never empty", () => {
    expect(spread(Float64Array.of(4, 4))).toEqual({ low: 3.5, high: 4.5 });
    expect(spread(new Float64Array())).toBeNull();
  });
});

describe("a histogram", () => {
  it("loses nothing: values beyond the range stand in its end bins", () => {
    expect(histogram(Float64Array.of(-3, 0, 1, 9, 10, 40), { low: 0, high: 10 }, 5)).toEqual([3, 0, 0, 0, 3]);
  });
});

describe("a threshold's consequence", () => {
  const none = { kept: 0, lost: 0, gained: 0, unmeasured: 0, by_people: 0, spent: 0, overruled: 0 };
  it("is said in one line, people's word included", () => {
    expect(consequenceWords({ ...none, kept: 1204, lost: 96, overruled: 14 })).toBe("keeps 1,204, loses 96; 14 outside it stay, as a person wants them");
    expect(consequenceWords({ ...none, kept: 1, gained: 3, overruled: 1, unmeasured: 2, spent: 5 })).toBe(
      "keeps 1, loses 0, would take in 3; 1 outside it stays, as a person wants it, 2 not measured, 5 exposed already",
    );
    expect(consequenceWords(none)).toBe("keeps 0, loses 0");
  });
});

describe("contrast", () => {
  it("narrows and widens around its middle and comes back", () => {
    const once = steeper(WHOLE);
    expect(once.low).toBeCloseTo(0.1);
    expect(once.high).toBeCloseTo(0.9);
    expect(flatter(once).high).toBeCloseTo(1);
    let narrow = WHOLE;
    for (let turn = 0; turn < 60; turn += 1) narrow = steeper(narrow);
    expect(narrow.high - narrow.low).toBeGreaterThan(0.05);
    for (let turn = 0; turn < 60; turn += 1) narrow = flatter(narrow);
    expect(narrow.high).toBeLessThanOrEqual(1.5);
  });

  it("finds the levels that are used", () => {
    const counts = new Array<number>(100).fill(0).fill(10, 30, 60);
    expect(automatic(counts, 0)).toEqual({ low: 0.3, high: 0.6 });
    expect(automatic([])).toBe(WHOLE);
    expect(automatic([0, 0, 9])).toEqual({ low: 2 / 3, high: 1 });
  });

  it("is a filter that maps the window's ends to black and white", () => {
    const [, brightness, contrast] = /brightness\(([\d.]+)\) contrast\(([\d.]+)\)/.exec(cssFilter({ low: 0.2, high: 0.7 }))!.map(Number);
    const shown = (level: number): number => contrast! * (brightness! * level) + (1 - contrast!) / 2;
    expect(shown(0.2)).toBeCloseTo(0, 3);
    expect(shown(0.7)).toBeCloseTo(1, 3);
    expect(cssFilter(WHOLE)).toBe("none");
    expect(cssFilter(WHOLE, 2)).toBe("blur(2px)");
    expect(cssFilter({ low: -0.5, high: 0.5 })).toBe("brightness(1.0000)");
  });
});
