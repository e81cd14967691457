import { expect, it } from "vitest";
import { belongsToField, chord, HELP } from "./keymap";

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

it("explains every key once", () => {
  expect(new Set(HELP.map((row) => row.keys)).size).toBe(HELP.length);
});
