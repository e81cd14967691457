import { describe, expect, it } from "vitest";
import { above, format, parse, type Place } from "./permalinks";

const PLACES: [string, Place][] = [
  ["plan", { page: "plan" }],
  ["dev", { page: "dev" }],
  ["facility/health", { page: "health" }],
  ["facility/admin", { page: "admin" }],
  ["s/night/plan", { page: "plan", session: "night" }],
  ["s/night/triage?grid=g02", { page: "triage", session: "night", grid: "g02" }],
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

  it("lead up to the session they belong to", () => {
    expect(above({ page: "compare", session: "night", grids: "g01,g02" })).toEqual({ page: "session", session: "night" });
    expect(above({ page: "plan" })).toEqual({ page: "now" });
  });
});
