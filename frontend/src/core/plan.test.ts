import { describe, expect, it } from "vitest";
import { datedName, differences, emptyForm, formOf, missing, parameterWords, placed } from "./plan";

const row = (id: number, cells: Record<string, string> = { name: "a" }) => ({ id, cells });

describe("a session before it exists", () => {
  it("comes back as it was left, and not at all from nonsense", () => {
    const form = { ...emptyForm, name: "20261121_a", parameters: { tilt_deg: 3 }, rows: [row(1)] };
    expect(formOf(JSON.parse(JSON.stringify(form)))).toEqual(form);
    expect([formOf(null), formOf([]), formOf({ rows: 3 })]).toEqual([null, null, null]);
    expect(formOf({ rows: [{ id: "x" }, row(2)], name: 4 })).toEqual({ ...emptyForm, rows: [row(2)] });
  });

  it("says what is missing", () => {
    expect(Object.keys(missing(emptyForm))).toEqual(["name", "group", "microscope", "detector", "grids"]);
    expect(missing({ ...emptyForm, name: "20261121_" })["name"]).toContain("after the date");
    expect(missing({ name: "n", group: "g", microscope: "m", detector: "d", notes: "", stopAt: "", parameters: {}, rows: [row(1)] })).toEqual({});
    expect(datedName(new Date(2026, 0, 5))).toBe("20260105_");
  });

  it("puts the server's problems where they belong", () => {
    const told = placed([{ path: "grids.1.tilt_deg", message: "too steep" }, { path: "grids.1.name", message: "taken" }, { path: "name", message: "taken" }, { path: "grids.7.name", message: "?" }], [row(4), row(9)]);
    expect(told.cells.get(9)).toEqual({ tilt_deg: "too steep", name: "taken" });
    expect(told.fields).toEqual({ name: "taken", "grids.7.name": "?" });
  });

  it("tells where it leaves the default", () => {
    const parameter = (name: string, usual: number) => ({ name, kind: "number", default: usual, nullable: false, minimum: null, maximum: null, choices: [], unit: "µm", help: "" });
    expect(differences({ a_um: 2, b: 1 }, [parameter("a_um", 1), parameter("b", 1), parameter("c", 1)])).toEqual([{ name: "a_um", usual: 1, here: 2, unit: "µm" }]);
    expect(differences({ a_um: 2 }, [parameter("a_um", 1)], { a_um: 2 })).toEqual([]);
    expect(parameterWords("image_shift_radius_um")).toBe("Image shift radius");
  });
});
