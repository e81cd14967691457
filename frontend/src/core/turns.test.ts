import { expect, it } from "vitest";
import { inTurn, moved, movedTo } from "./turns";

const grid = (id: string, position: number, turn: number | null = null, status = "waiting") => ({ id, position, turn, status });

it("takes grids by the turn people gave, the rest by slot, and none that has begun", () => {
  expect(inTurn([grid("a", 1), grid("b", 2, 1), grid("c", 3, null, "working"), grid("d", 4, 2)]).map((one) => one.id)).toEqual(["b", "d", "a"]);
});

it("moves one among them and stays within the list", () => {
  expect(moved(["a", "b", "c"], "c", -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], "a", 9)).toEqual(["b", "c", "a"]);
  expect(movedTo(["a", "b", "c"], "a", 1)).toEqual(["b", "a", "c"]);
  const same = ["a", "b"];
  expect([moved(same, "a", -1), moved(same, "x", 1), movedTo(same, "b", 1)].every((one) => one === same)).toBe(true);
});
