import { expect, it } from "vitest";
import { belongsToField, bound, chord, FIXED, isSingle, keyOf, meant, printed, readBindings, SINGLE_ACTS } from "./keymap";

const press = (key: string, over = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...over });

it("names keys as they are printed", () => {
  expect(chord(press("j"))).toBe("j");
  expect(chord(press("ArrowDown", { shiftKey: true }))).toBe("shift+arrowdown");
  expect(chord(press("z", { metaKey: true }))).toBe("ctrl+z");
  expect(chord(press("?", { shiftKey: true }))).toBe("?");
  expect(chord(press(" ", { altKey: true }))).toBe("alt+space");
});

it("leaves fields their letters and buttons their Enter", () => {
  expect(belongsToField("INPUT", "text", false, "j")).toBe(true);
  expect(belongsToField("INPUT", "checkbox", false, "j")).toBe(false);
  expect(belongsToField("INPUT", "checkbox", false, "space")).toBe(true);
  expect(belongsToField("SELECT", "", false, "g")).toBe(true);
  expect(belongsToField("DIV", "", true, "g")).toBe(true);
  expect(belongsToField("BUTTON", "", false, "enter")).toBe(true);
  expect(belongsToField("BUTTON", "", false, "j")).toBe(false);
  expect(belongsToField("MAIN", "", false, "enter")).toBe(false);
});

it("tells which keys may be switched off", () => {
  expect(["g", "1", "[", "space"].every(isSingle)).toBe(true);
  expect(["?", "ctrl+k", "enter", "escape", "arrowdown"].some(isSingle)).toBe(false);
});

it("explains every key once", () => {
  expect(new Set(FIXED.map((row) => row.keys)).size).toBe(FIXED.length);
  expect(Object.keys(SINGLE_ACTS).every(isSingle)).toBe(true);
});

it("an act put on another key is found there, and no longer where it was", () => {
  const moved = bound({}, "p", "m");
  if (!("bindings" in moved)) throw new Error(moved.problem);
  expect(meant("m", moved.bindings)).toBe("p");
  expect(meant("p", moved.bindings)).toBeNull();
  expect(meant("ctrl+p", moved.bindings)).toBe("ctrl+p");
  expect(keyOf("p", moved.bindings)).toBe("m");
  expect(bound(moved.bindings, "p", "p")).toEqual({ bindings: {} });
});

it("two acts never share a key, and digits and named keys stay what they are", () => {
  expect(bound({}, "p", "j")).toEqual({ problem: expect.stringContaining("next") });
  expect(bound({ j: "n" }, "p", "j")).toEqual({ bindings: { j: "n", p: "j" } });
  expect(bound({}, "p", "3")).toHaveProperty("problem");
  expect(bound({}, "p", "enter")).toHaveProperty("problem");
  expect(bound({}, "p", "?")).toHaveProperty("problem");
});

it("what was kept is read again, and nonsense is not", () => {
  expect(readBindings('{"p":"m","nothing":"z","q":7,"x":"enter"}')).toEqual({ p: "m" });
  expect([readBindings(null), readBindings("{"), readBindings("null")]).toEqual([{}, {}, {}]);
  expect([printed("space"), printed("m"), printed("[")]).toEqual(["Space", "M", "["]);
});
