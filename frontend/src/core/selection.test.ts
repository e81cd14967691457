import { describe, expect, it } from "vitest";
import { combine, grown, inverted, nothing, type Selection } from "./selection";

const of = (...ids: string[]): Selection => ({ ids: new Set(ids), focus: ids[0] ?? null, anchor: ids[0] ?? null });
const ids = (selection: Selection): string[] => [...selection.ids];

describe("a lasso's catch", () => {
  it("replaces, adds or subtracts", () => {
    expect(ids(combine(of("a"), ["b", "c"], "replace"))).toEqual(["b", "c"]);
    expect(ids(combine(of("a"), ["b", "a"], "add"))).toEqual(["a", "b"]);
    expect(ids(combine(of("a", "b", "c"), ["b"], "subtract"))).toEqual(["a", "c"]);
  });

  it("keeps the keyboard on something selected", () => {
    expect(combine(of("a", "b"), ["a"], "subtract").focus).toBe("b");
    expect(combine(of("a"), ["a"], "subtract").focus).toBeNull();
    expect(combine(of("a"), ["b"], "add").focus).toBe("a");
    expect(combine(nothing, [], "replace").focus).toBeNull();
  });
});

describe("an inverted selection", () => {
  it("turns over what is shown and leaves what lies elsewhere", () => {
    const turned = inverted(of("a", "elsewhere"), ["a", "b", "c"]);
    expect(ids(turned).sort()).toEqual(["b", "c", "elsewhere"]);
    expect(turned.focus).toBe("b");
    expect(inverted(of("a"), ["a"]).focus).toBeNull();
    expect(inverted({ ...of("x"), focus: "x" }, ["a"]).focus).toBe("x");
  });
});

describe("a selection grown to its class", () => {
  it("takes every row that shares a key with one selected", () => {
    const rows = [{ id: "a", key: 1 }, { id: "b", key: 2 }, { id: "c", key: 1 }, { id: "d", key: 3 }];
    expect(ids(grown(of("a", "b"), rows, (row) => `${row.key}`)).sort()).toEqual(["a", "b", "c"]);
    expect(ids(grown(nothing, rows, (row) => `${row.key}`))).toEqual([]);
  });
});
