import { expect, it } from "vitest";
import { regroupingWords, totalled } from "./regrouping";

it("an offer sums groups and holes over its squares and names what it did not see", () => {
  const offer = totalled(
    [
      { square: "a", before: { groups: 10, holes: 40 }, after: { groups: 8, holes: 41 } },
      { square: "b", before: { groups: 2, holes: 3 }, after: { groups: 1, holes: 3 } },
    ],
    4,
  );
  expect(offer.squares).toEqual(["a", "b"]);
  expect(regroupingWords(offer)).toBe("2 squares: 12 groups with 43 holes waiting would become 9 with 44; 4 further squares not looked at");
  expect(regroupingWords({ ...offer, unseen: 0 })).not.toContain("further");
});
