import { expect, it } from "vitest";
import type { Grid } from "../api/sessionTypes";
import { changesOf, rowOf } from "./cassette";
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
