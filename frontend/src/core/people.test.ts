import { expect, it } from "vitest";
import { accountOf, groupsText, readGroups } from "./people";

it("groups are typed as they are shown", () => {
  const groups = [{ name: "ribosome lab", role: "lead" }, { name: "b: c", role: "viewer" }];
  expect(readGroups(groupsText(groups))).toEqual({ groups });
  expect(readGroups(" kinase , ")).toEqual({ groups: [{ name: "kinase", role: "member" }] });
  expect(readGroups("")).toEqual({ groups: [] });
});

it("a role nobody knows, or a group named twice, is said", () => {
  expect(readGroups("kinase: king")).toEqual({ problem: expect.stringContaining("king") });
  expect(readGroups("a, a: lead")).toEqual({ problem: expect.stringContaining("twice") });
});

it("a grant is for one's own groups' sessions or for any", () => {
  const grants = [{ id: "m1", operator: true }, { id: "m2", operator: false }];
  expect(["m1", "m2", "m3"].map((id) => accountOf(grants, id))).toEqual(["any", "own", ""]);
});
