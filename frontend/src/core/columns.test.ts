import { expect, it } from "vitest";
import { merged, targetsOf, unpacked, withExposures, withTargeting, type Overlay } from "./columns";
import { target } from "./targets.fixture";

const whole: Overlay = {
  geometry_version: "v1",
  as_of_seq: 10,
  index: null,
  ids: ["a", "b", "c"],
  slugs: ["s1", "s2", "s3"],
  x_px: [1, 2, 3],
  y_px: [4, 5, 6],
  outlines_px: [[[0, 0], [2, 0], [2, 2]], [], null],
  radius_px: [null, 7, null],
  status: ["found", "queued", "found"],
  label: ["", "Good", ""],
  probability: [0.5, null, 0.75],
};

it("puts changed rows into their places and leaves the rest", () => {
  const next = merged(whole, { geometry_version: "v1", as_of_seq: 12, index: [2, 0], status: ["done", "skipped"], label: ["Dry", ""] });
  expect(next).toMatchObject({ as_of_seq: 12, index: null, status: ["skipped", "queued", "done"], label: ["", "Good", "Dry"], x_px: [1, 2, 3] });
  expect(whole["status"]).toEqual(["found", "queued", "found"]);
});

it("asks for everything again when the geometry is another one", () => {
  expect(merged(whole, { geometry_version: "v2", as_of_seq: 12, index: [] })).toBeNull();
});

it("takes a whole answer as it is", () => {
  const answer: Overlay = { geometry_version: "v2", as_of_seq: 12, index: null, ids: [] };
  expect(merged(whole, answer)).toBe(answer);
});

it("unpacks columns that say a value once, in a whole answer and in a change", () => {
  const answer: Overlay = { geometry_version: "v1", as_of_seq: 3, index: null, ids: ["a", "b", "c"], status: { every: "found" }, model_label: { values: ["good", "thick"], codes: [1, 0, 1] }, score: [0.5, null, 0.25] };
  expect(unpacked(answer)).toEqual({ ...answer, status: ["found", "found", "found"], model_label: ["thick", "good", "thick"] });
  const change: Overlay = { geometry_version: "v1", as_of_seq: 4, index: [2, 0], status: { every: "done" }, label: { values: ["", "Dry"], codes: [1, 0] } };
  expect(merged(whole, unpacked(change))).toMatchObject({ status: ["done", "queued", "done"], label: ["", "Good", "Dry"] });
  const one: Overlay = { geometry_version: "v1", as_of_seq: 3, index: null, ids: { every: "a" }, cluster: { every: null } };
  expect(unpacked(one)).toMatchObject({ ids: ["a"], cluster: [null] });
  expect(unpacked({ geometry_version: "", as_of_seq: 0, index: null })).toEqual({ geometry_version: "", as_of_seq: 0, index: null });
});

it("makes a target of each row; what a row does not have stays unknown", () => {
  const [square, hole, bare] = targetsOf(whole);
  expect(square).toMatchObject({ id: "a", slug: "s1", x: 1, y: 4, outline: [[0, 0], [2, 0], [2, 2]], probability: 0.5, ice: null, external: false });
  expect(hole).toMatchObject({ radius: 7, label: "Good", probability: null });
  expect(hole).not.toHaveProperty("outline");
  expect(bare).not.toHaveProperty("outline");
  expect(bare).not.toHaveProperty("radius");
  expect(targetsOf({ geometry_version: "", as_of_seq: 0, index: null })).toEqual([]);
});

it("holes carry what was measured on their exposures; of several the first given counts", () => {
  const exposure = (hole: string, ctf: number) => ({ hole, ctf_fit_angstrom: ctf, defocus_um: 1.2, drift_total_angstrom: null });
  const [one, other] = withExposures([target({ id: "a" }), target({ id: "b" })], [exposure("a", 3.5), exposure("a", 9)]);
  expect(one).toMatchObject({ ctf: 3.5, defocus: 1.2, drift: null });
  expect(other).toMatchObject({ ctf: null, defocus: null, drift: null });
});

it("tells of each hole how far its group was seen from its place", () => {
  const targets = targetsOf({ geometry_version: "1", as_of_seq: 1, index: null, ids: ["a", "b"], slugs: ["a", "b"], x_px: [0, 1], y_px: [0, 1], group: ["p", null] });
  const [seen, alone] = withTargeting(targets, [{ id: "p", seen_offset_x_um: 0.3, seen_offset_y_um: -0.4 }, { id: "q", seen_offset_x_um: null, seen_offset_y_um: null }]);
  expect(seen!.targeting).toBeCloseTo(0.5);
  expect(alone!.targeting).toBeUndefined();
});
