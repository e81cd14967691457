import { describe, expect, it } from "vitest";
import { above, filtered, filterOf, format, parse, type Place } from "./permalinks";

const PLACES: [string, Place][] = [
  ["plan", { page: "plan" }],
  ["dev", { page: "dev" }],
  ["m/Krios%201/timeline", { page: "timeline", microscope: "Krios 1" }],
  ["facility/health", { page: "health" }],
  ["facility/admin", { page: "admin" }],
  ["s/night/plan", { page: "plan", session: "night" }],
  ["s/night/triage?grid=g02", { page: "triage", session: "night", grid: "g02" }],
  ["s/night/g/g02?square=g02-s05&filter=good%7E", { page: "grid", session: "night", grid: "g02", square: "g02-s05", filter: "good~" }],
  ["s/night/triage?judge=holes&sort=worst&show=unlabelled", { page: "triage", session: "night", judge: "holes", sort: "worst", show: "unlabelled" }],
  ["s/night/compare?grids=g01%2Cg03", { page: "compare", session: "night", grids: "g01,g03" }],
  ["s/night/live?grid=g02&by=stage", { page: "live", session: "night", grid: "g02", by: "stage" }],
  ["alerts?alarm=7", { page: "alerts", alarm: "7" }],
];

describe("addresses of pages", () => {
  it.each(PLACES)("%s comes back whole", (address, place) => {
    const [path, query] = address.split("?");
    expect(parse(path!, query)).toEqual(place);
    expect(format(place)).toBe(address);
  });

  it("keep only what belongs to the page", () => {
    expect(parse("s/night/live", "hole=h1&grid=g01")).toEqual({ page: "live", session: "night", grid: "g01" });
    expect(parse("facility/nowhere").page).toBe("unknown");
    expect(format({ page: "unknown" })).toBe("now");
  });

  it("hold a filter for each of two maps", () => {
    const bare: Place = { page: "grid", session: "night", grid: "g02" };
    const both = filtered(filtered(bare, 1, "30 nm to 50 nm"), 0, "good");
    expect(both.filter).toBe("good~30 nm to 50 nm");
    expect([filterOf(both, 0), filterOf(both, 1), filterOf(bare, 1)]).toEqual(["good", "30 nm to 50 nm", null]);
    expect(filtered(filtered(both, 0, null), 1, null)).toEqual(bare);
  });

  it("lead up to the session they belong to", () => {
    expect(above({ page: "compare", session: "night", grids: "g01,g02" })).toEqual({ page: "session", session: "night" });
    expect(above({ page: "timeline", microscope: "Krios 1" })).toEqual({ page: "microscope", microscope: "Krios 1" });
    expect(above({ page: "plan" })).toEqual({ page: "now" });
  });
});
