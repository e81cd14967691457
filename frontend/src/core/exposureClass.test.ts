import { describe, expect, it } from "vitest";
import * as units from "./units";
import { seenIn } from "./words";

describe("what is seen in an exposure", () => {
  it("says the class and how sure, or that nobody judged", () => {
    expect(seenIn("", "no_ice", 0.874)).toBe("no ice (87 %)");
    expect(seenIn("", "unknown", 0.6)).toBe("unknown");
    expect(seenIn("", "", null)).toBe(units.UNKNOWN);
  });
  it("puts a person's word first and keeps the other", () => {
    expect(seenIn("good", "foil", 0.9)).toBe("good, by a person; seen as foil or crack (90 %)");
    expect(seenIn("bad", "", null)).toBe("bad, by a person");
  });
});
