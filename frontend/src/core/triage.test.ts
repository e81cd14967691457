import { describe, expect, it } from "vitest";
import { isShown, joined, nextToLabel, NO_PACE, ordered, paced, progressWords, relabelling, type Item } from "./triage";
import { scrolledTo, shelf } from "./windowing";

const item = (over: Partial<Item>): Item => ({ id: "1", slug: "h1", image: null, inset: null, label: "", modelLabel: "", merit: null, certainty: null, at: 0, facts: [], ...over });

describe("a contact sheet", () => {
  const items = [item({ id: "a", slug: "h10", merit: 3, certainty: 0.9, at: 1 }), item({ id: "b", slug: "h2", merit: 1, certainty: 0.5, at: 2 }), item({ id: "c", slug: "h1", at: 3 })];
  it("is sorted worst, best, uncertain or newest; what is unknown comes last", () => {
    expect(ordered(items, "worst")).toEqual(["b", "a", "c"]);
    expect(ordered(items, "best")).toEqual(["a", "b", "c"]);
    expect(ordered(items, "uncertain")).toEqual(["b", "a", "c"]);
    expect(ordered(items, "newest")).toEqual(["c", "b", "a"]);
    expect(ordered(items, "oldest")).toEqual(["a", "b", "c"]);
  });

  it("takes new items at its end and never moves one under the pointer", () => {
    expect(joined(["b", "a"], ["c", "a", "b"])).toEqual(["b", "a", "c"]);
    expect(joined(["b", "gone", "a"], ["a", "b"])).toEqual(["b", "a"]);
  });

  it("shows where person and model differ, and what is left to judge", () => {
    expect(isShown(item({ label: "good", modelLabel: "thick" }), "disagreement")).toBe(true);
    expect(isShown(item({ label: "good", modelLabel: "good" }), "disagreement")).toBe(false);
    expect(isShown(item({ label: "good" }), "disagreement")).toBe(false);
    expect(isShown(item({}), "unlabelled")).toBe(true);
    expect(isShown(item({ label: "good" }), "labelled")).toBe(true);
    expect(isShown(item({}), "all")).toBe(true);
  });

  it("goes on to the next one that has no label", () => {
    const labelled = new Set(["b", "c"]);
    const isLabelled = (id: string): boolean => labelled.has(id);
    expect(nextToLabel(["a", "b", "c", "d"], "a", isLabelled)).toBe("d");
    expect(nextToLabel(["a", "b", "c"], "a", isLabelled)).toBe("b");
    expect(nextToLabel(["a"], "a", isLabelled)).toBeNull();
  });
});

describe("progress", () => {
  it("says how fast it goes and does not count a pause", () => {
    let pace = paced(NO_PACE, 1, 100);
    expect(progressWords(1, 500, pace)).toBe("1 of 500");
    pace = paced(pace, 1, 108);
    pace = paced(pace, 1, 116.2);
    pace = paced(pace, 1, 900);
    expect(progressWords(1312, 5000, pace)).toBe("1,312 of 5,000, 8.1\u202fs each");
  });
});

describe("a bulk relabelling", () => {
  it("says how many change and from what, with twelve of them to look at", () => {
    const many = Array.from({ length: 40 }, (_, at) => item({ id: `${at}`, label: at < 10 ? "good" : at < 15 ? "bad" : "" }));
    const preview = relabelling(many, "bad");
    expect(preview.count).toBe(35);
    expect(preview.from).toEqual([["no label", 25], ["good", 10]]);
    expect(new Set(preview.samples.map((one) => one.id)).size).toBe(12);
    expect(relabelling(many.slice(10, 13), "bad").count).toBe(0);
  });
});

describe("a long list", () => {
  it("draws what is on screen and keeps the room of the rest", () => {
    expect(shelf(1000, 5, 100, 5000, 400, 2)).toEqual({ from: 240, to: 280, above: 4800, below: 14400 });
    expect(shelf(7, 5, 100, 0, 400, 2)).toEqual({ from: 0, to: 7, above: 0, below: 0 });
    expect(shelf(0, 5, 100, 0, 400)).toEqual({ from: 0, to: 0, above: 0, below: 0 });
  });

  it("scrolls no further than needed", () => {
    expect(scrolledTo(0, 5, 100, 250, 400)).toBe(0);
    expect(scrolledTo(49, 5, 100, 0, 400)).toBe(600);
    expect(scrolledTo(12, 5, 100, 200, 400)).toBeNull();
  });
});
