import { expect, it } from "vitest";
import { analysisWords } from "./analyses";

it("names every analysis, known or not, without its underscores", () => {
  expect(analysisWords("pick")).toBe("searches for particles");
  expect(analysisWords("weigh_ice")).toBe("weigh ice");
});
