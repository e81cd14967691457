import { expect, it } from "vitest";
import type { Page } from "./permalinks";
import { asCurl, asPython, readsOf } from "./thisView";

it("names the addresses behind a page", () => {
  expect(readsOf({ page: "grid", session: "a b", grid: "g01" })).toEqual(["grids/g01?session=a%20b", "squares?session=a%20b&grid=g01"]);
  expect(readsOf({ page: "grid", session: "n", grid: "g01", square: "g01-s02" })).toContain("squares/g01-s02/overlay?session=n");
  const pages: Page[] = ["now", "session", "compare", "live", "plan", "timeline", "journal", "decisions", "triage", "alerts", "microscope"];
  for (const page of pages) expect(readsOf({ page, session: "n", microscope: "m" }).length).toBeGreaterThan(0);
  expect(readsOf({ page: "plan" })).toContain("protocols");
});

it("writes them as a command and as a script, without a token in them", () => {
  expect(asCurl("https://site/x/", ["grids"])).toBe(`curl -s -H "Authorization: Bearer $SMARTSCOPE_TOKEN" 'https://site/x/api/v1/grids'`);
  expect(asPython("https://site/", ["grids"])).toContain('print(site.get("grids").raise_for_status().json())');
  expect(asPython("https://site/", ["grids"])).toContain("os.environ['SMARTSCOPE_TOKEN']");
});
