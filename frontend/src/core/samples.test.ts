import { expect, it } from "vitest";
import { counted, spreadOver } from "./samples";

it("what was not measured is neither kept nor lost", () => {
  expect(counted({ id: "a", values: [5, 10, null, 20, 21] }, { low: 10, high: 20 })).toEqual({ kept: 2, lost: 2 });
  expect(counted({ id: "a", values: [5, null] }, { low: null, high: null })).toEqual({ kept: 1, lost: 0 });
});

it("three of many are the first, the middle and the last", () => {
  expect(spreadOver(["a", "b", "c", "d", "e"], 3)).toEqual(["a", "c", "e"]);
  expect(spreadOver(["a", "b"], 3)).toEqual(["a", "b"]);
  expect(spreadOver([], 3)).toEqual([]);
});
