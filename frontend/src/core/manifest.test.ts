import { describe, expect, it } from "vitest";
import { cellsOf } from "./delimited";
import { asText, bodyOf, columnsOf, fillDown, firstFreeSlot, isBlank, nextId, problemsOf, readTable, shownOf, spread, understood, unknownHeadings, type Row, type Words } from "./manifest";

const number = (name: string, kind: string, minimum: number, maximum: number) => ({ name, kind, default: 4, nullable: false, minimum, maximum, choices: [], unit: "", help: "" });
const WORDS: Words = {
  hole_types: [{ name: "R1.2/1.3" }, { name: "R2/1" }],
  meshes: [{ name: "200" }, { name: "300" }],
  mesh_materials: ["copper", "gold"],
  parameters: [number("squares_per_grid", "integer", 0, 500), number("tilt_deg", "number", -60, 60), number("ice_max_nm", "number", 0, 500), { ...number("offset_targeting", "boolean", 0, 1), nullable: true }, { ...number("atlas_only", "boolean", 0, 1), default: false }],
};
const COLUMNS = columnsOf(WORDS);
const column = (key: string) => COLUMNS.find((one) => one.key === key)!;
const row = (id: number, cells: Record<string, string>): Row => ({ id, cells });

describe("text as a table", () => {
  it("reads what a spreadsheet copies, with quotes and empty lines", () => {
    expect(cellsOf('1\trib-1\t"two\nlines, ""so"""\r\n\r\n2\trib-2\t\r\n')).toEqual([["1", "rib-1", 'two\nlines, "so"'], ["2", "rib-2", ""]]);
  });

  it("finds out whether a file has commas or semicolons", () => {
    expect(cellsOf('Slot,Grid\n1,"a, b"')).toEqual([["Slot", "Grid"], ["1", "a, b"]]);
    expect(cellsOf("Slot;Tilt\n1;0,5")).toEqual([["Slot", "Tilt"], ["1", "0,5"]]);
    expect(cellsOf("alone")).toEqual([["alone"]]);
    expect(cellsOf("")).toEqual([]);
  });
});

describe("a pasted cassette", () => {
  it("is read by its headings, in whatever order and wording", () => {
    const read = readTable([["Grid name", "Slot", "Foil hole", "Freezer"], ["rib-1", "3", "r 1.2 / 1.3", "B"]], COLUMNS, 1);
    expect(read.rows).toEqual([row(1, { name: "rib-1", position: "3", hole_type: "R1.2/1.3" })]);
    expect(read.unknown).toEqual(["Freezer"]);
  });

  it("is read in our order where it has no headings", () => {
    expect(readTable([["1", "rib-1", "ribosome", "2/1", "300"]], COLUMNS, 5).rows).toEqual([row(5, { position: "1", name: "rib-1", sample: "ribosome", hole_type: "R2/1", mesh: "300" })]);
  });

  it("understands usual spellings and leaves the rest as it was typed", () => {
    expect(["Au", "GOLD", "brass"].map((text) => understood(column("mesh_material"), text))).toEqual(["gold", "gold", "brass"]);
    expect(["1.2/1.3", "R2-1", "R9/9"].map((text) => understood(column("hole_type"), text))).toEqual(["R1.2/1.3", "R2/1", "R9/9"]);
    expect(["x", "No", "", "maybe"].map((text) => understood(column("atlas_only"), text))).toEqual(["yes", "", "", "maybe"]);
  });

  it("says what is wrong in the cell it concerns and keeps the good rows good", () => {
    const rows = [
      row(1, { position: "1", name: "a" }),
      row(2, { position: "2", name: "b", tilt_deg: "70" }),
      row(3, { position: "2", name: "" }),
      row(4, { position: "13", name: "d", mesh: "250", squares_per_grid: "1.5", atlas_only: "maybe" }),
      row(5, { position: "5", name: "e".repeat(81), tilt_deg: "steep" }),
    ];
    const found = problemsOf(rows, COLUMNS, 12);
    expect(found.has(1)).toBe(false);
    expect(found.get(2)).toEqual({ position: "slot 2 is used twice", tilt_deg: "from -60 to 60" });
    expect(found.get(3)).toEqual({ position: "slot 2 is used twice", name: "give the grid a name" });
    expect(found.get(4)).toEqual({ position: "a slot from 1 to 12", mesh: "one of 200, 300", squares_per_grid: "a whole number", atlas_only: "yes or empty" });
    const films = columnsOf({ ...WORDS, hole_types: [..."abcdefg"].map((name) => ({ name })) });
    expect(problemsOf([row(1, { position: "1", name: "a", hole_type: "x" })], films, 12).get(1)).toEqual({ hole_type: "not known; the field lists what is" });
    expect(found.get(5)).toEqual({ name: "at most 80 characters", tilt_deg: "a number" });
  });

  it("is filled down and pasted into", () => {
    const rows = [row(1, { position: "1", sample: "x" }), row(2, { position: "2" })];
    expect(fillDown(rows, 1, "sample")[1]!.cells["sample"]).toBe("x");
    expect(spread(rows, 2, "name", [["b", "s"], ["c", "t"]], COLUMNS)).toEqual([rows[0], row(2, { position: "2", name: "b", sample: "s" }), row(3, { name: "c", sample: "t" })]);
    expect(spread(rows, 2, "notes", [["n", "beyond"]], COLUMNS)[1]!.cells).toEqual({ position: "2", notes: "n" });
  });

  it("knows its blanks and its free slots", () => {
    expect(isBlank(row(1, { position: "4", name: "" }))).toBe(true);
    expect(isBlank(row(1, { name: "a" }))).toBe(false);
    expect(firstFreeSlot([row(1, { position: "1" })], 2)).toBe("2");
    expect(firstFreeSlot([row(1, { position: "1" })], 1)).toBe("");
    expect(nextId([])).toBe(1);
  });

  it("shows a column of its own for every parameter that some row names", () => {
    const read = readTable([["Slot", "Grid", "ice max nm", "Offset targeting"], ["1", "a", "80", "No"]], COLUMNS, 1);
    expect(shownOf(COLUMNS, read.rows).map((one) => one.key)).toEqual(["position", "name", "sample", "hole_type", "mesh", "mesh_material", "squares_per_grid", "tilt_deg", "atlas_only", "ice_max_nm", "offset_targeting", "notes"]);
    expect(bodyOf(read.rows[0]!, COLUMNS)).toEqual({ position: 1, name: "a", ice_max_nm: 80, offset_targeting: false });
    expect(shownOf(COLUMNS, []).map((one) => one.key)).not.toContain("ice_max_nm");
  });

  it("becomes text again that reads the same", () => {
    const rows = [row(1, { position: "1", name: 'a "b"', notes: "two\nlines" }), row(2, { position: "2", name: "c" })];
    expect(readTable(cellsOf(asText(rows, COLUMNS)), COLUMNS, 1).rows.map((one) => one.cells)).toEqual([rows[0]!.cells, { ...rows[1]!.cells, notes: "" }]);
  });

  it("offers named protocols where there are some", () => {
    const offered = columnsOf(WORDS, ["screening", "collection"]);
    expect(readTable([["Slot", "Grid", "Preset"], ["1", "a", "Collection"]], offered, 1).rows[0]!.cells["protocol"]).toBe("collection");
  });

  it("becomes what the API wants, without the cells left empty", () => {
    expect(bodyOf(row(1, { position: "3", name: "a", tilt_deg: "-0,5", atlas_only: "yes", mesh: "" }), COLUMNS)).toEqual({ position: 3, name: "a", tilt_deg: -0.5, atlas_only: true });
  });
});

it("reads nothing from a table whose columns all have strange names", () => {
  expect(unknownHeadings([["Puck", "Tin"], ["1", "2"]], COLUMNS)).toEqual(["Puck", "Tin"]);
  expect(unknownHeadings([["Puck", "Grid"], ["1", "a"]], COLUMNS)).toBeNull();
  expect(unknownHeadings([["1", "a"], ["2", "b"]], COLUMNS)).toBeNull();
  expect(unknownHeadings([["x", "a"]], COLUMNS)).toBeNull();
});

it("says which of a table's columns it could not read, though most have strange names", () => {
  expect(readTable([["Puck", "Grid", "Tin"], ["1", "a", "9"]], COLUMNS, 1)).toEqual({ rows: [{ id: 1, cells: { name: "a" } }], unknown: ["Puck", "Tin"] });
});
