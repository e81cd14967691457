import { expect, it } from "vitest";
import type { Grid } from "../api/sessionTypes";
import { begunWith, changesOf, meanwhile, rowOf } from "./cassette";
import { columnsOf } from "./manifest";

const parameter = (name: string, kind: string, usual: number | boolean) => ({ name, kind, default: usual, nullable: false, minimum: 0, maximum: 90, choices: [], unit: "", help: "" });
const COLUMNS = columnsOf({ hole_types: [{ name: "R2/1" }], meshes: [{ name: "300" }], mesh_materials: ["gold"], parameters: [parameter("tilt_deg", "number", 0), parameter("atlas_only", "boolean", false)] });
const GRID = { position: 3, name: "rib-3", sample: "ribosome", mesh: "300", mesh_material: "gold", hole_type: "R2/1", notes: "", protocol: { tilt_deg: 30, atlas_only: false } } as unknown as Grid;

it("shows a grid as a row, its defaults as empty cells", () => {
  expect(rowOf(GRID, 1, COLUMNS, {}).cells).toEqual({ position: "3", name: "rib-3", sample: "ribosome", mesh: "300", mesh_material: "gold", hole_type: "R2/1", tilt_deg: "30", atlas_only: "", notes: "" });
});

it("sends what was changed and nothing else; an emptied parameter is the default again", () => {
  const row = (edits: Record<string, string>) => rowOf(GRID, 1, COLUMNS, edits);
  expect(changesOf(GRID, row({}), COLUMNS)).toEqual({});
  expect(changesOf(GRID, row({ name: "rib-4", tilt_deg: "", atlas_only: "yes", notes: "x", position: "9" }), COLUMNS)).toEqual({ name: "rib-4", tilt_deg: 0, atlas_only: true, notes: "x" });
  expect(changesOf(GRID, row({ sample: "" }), COLUMNS)).toEqual({ sample: "" });
});

it("says what another person wrote into a cell that is being changed", () => {
  const begun = begunWith({}, { g: { sample: "mine" } }, () => "before");
  expect(begun).toEqual({ g: { sample: "before" } });
  expect(begunWith(begun, { g: { sample: "mine too", notes: "x" } }, () => "after")).toEqual({ g: { sample: "before", notes: "after" } });
  expect(meanwhile({ sample: "before" }, begun["g"]!, { sample: "mine" })).toEqual({});
  expect(meanwhile({ sample: "theirs" }, begun["g"]!, { sample: "mine" })).toEqual({ sample: "meanwhile “theirs”; saving replaces it" });
  expect(meanwhile({ sample: "" }, begun["g"]!, { sample: "mine" })).toEqual({ sample: "meanwhile emptied; saving replaces it" });
  expect(meanwhile({ sample: "mine" }, begun["g"]!, { sample: "mine" })).toEqual({});
});
