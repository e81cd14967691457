import { describe, expect, it } from "vitest";
import { editsOf, toRedo, toUndo, type Changed } from "./history";

let minute = 0;
const changeset = (id: string, reverts: string | null = null, author = "ana"): Changed => ({
  id,
  author,
  summary: id,
  source: "page",
  created_at: new Date(Date.UTC(2026, 10, 21, 3, minute++)).toISOString(),
  reverts,
});

describe("edits and their undoing", () => {
  it("undoes the latest that still holds, redoes what was taken back last", () => {
    const [a, b] = [changeset("a"), changeset("b")];
    const undoB = changeset("undo b", "b");
    const edits = editsOf([undoB, b, a]);
    expect(edits.map((edit) => [edit.first.id, edit.undone])).toEqual([["b", true], ["a", false]]);
    expect(toUndo(edits, "ana")?.tip.id).toBe("a");
    expect(toRedo(edits, "ana")?.tip.id).toBe("undo b");
  });

  it("turns an edit over again and again, always at the end of its chain", () => {
    const chain = [changeset("a"), changeset("undo", "a"), changeset("redo", "undo"), changeset("undo again", "redo")];
    const whole = editsOf(chain)[0]!;
    expect([whole.undone, whole.tip.id]).toEqual([true, "undo again"]);
    const before = editsOf(chain.slice(0, 3))[0]!;
    expect([before.undone, before.tip.id]).toEqual([false, "redo"]);
    expect(toUndo([before], "ana")?.tip.id).toBe("redo");
    expect(toRedo([before], "ana")).toBeNull();
  });

  it("offers no redo once somebody edited anew", () => {
    const chain = [changeset("a"), changeset("undo", "a"), changeset("b")];
    expect(toRedo(editsOf(chain), "ana")).toBeNull();
  });

  it("takes only one's own by itself; others' edits stand in the drawer", () => {
    const edits = editsOf([changeset("theirs", null, "bo"), changeset("script", null, "bo")]);
    expect(toUndo(edits, "ana")).toBeNull();
    expect(toRedo(edits, "ana")).toBeNull();
    expect(edits).toHaveLength(2);
  });
});
