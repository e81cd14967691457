import { describe, expect, it } from "vitest";
import { alike, withAlike } from "./likeness";
import type { Target } from "./overlay";
import { nothing } from "./selection";
import { target } from "./targets.fixture";

const hole = (id: string, ice: number | null, score: number | null, modelLabel = ""): Target => target({ id, slug: id, ice, score, modelLabel });

describe("the targets most alike", () => {
  const row = [hole("a", 40, 0.5), hole("b", 42, 0.5), hole("c", 60, 0.5), hole("d", 41, 0.9), hole("e", 90, 0.1)];

  it("come nearest first, by all that was measured", () => {
    expect(alike(row, new Set(["a"]), 2)).toEqual(["b", "d"]);
  });

  it("are near to any of the selected, not to their middle", () => {
    const two = [hole("low", 10, null), hole("high", 100, null), hole("middle", 55, null), hole("lower", 12, null), hole("higher", 98, null)];
    expect(alike(two, new Set(["low", "high"]), 2).toSorted()).toEqual(["higher", "lower"]);
  });

  it("share the class before they share the ice", () => {
    const mixed = [hole("a", 40, null, "good"), hole("b", 44, null, "good"), hole("c", 40, null, "thick"), hole("d", 90, null, "thick"), hole("e", 10, null, "good")];
    expect(alike(mixed, new Set(["a"]), 1)).toEqual(["b"]);
  });

  it("are none where nothing was measured or nothing is selected", () => {
    expect(alike([hole("a", null, null), hole("b", null, null)], new Set(["a"]))).toEqual([]);
    expect(withAlike(nothing, row).ids.size).toBe(0);
  });

  it("join what is selected, ten at a time", () => {
    const many = Array.from({ length: 40 }, (_, at) => hole(`h${at}`, 30 + at, null));
    const once = withAlike({ ids: new Set(["h0"]), focus: "h0", anchor: "h0" }, many);
    expect(once.ids.size).toBe(11);
    expect(once.focus).toBe("h0");
    expect(withAlike(once, many).ids.size).toBe(21);
  });
});
