/* Edits that can be taken back, told from the changesets: a revert is a changeset and can be reverted too. */

export interface Changed {
  readonly id: string;
  readonly author: string | null;
  readonly summary: string;
  readonly source: string;
  readonly created_at: string;
  readonly reverts: string | null;
}

export interface Edit {
  readonly first: Changed;
  /** The last revert of a revert of … this edit: reverting it turns the edit over once more. */
  readonly tip: Changed;
  readonly undone: boolean;
}

/** Edits, newest first, each with how it stands after all undoing and redoing. */
export function editsOf(changesets: readonly Changed[]): Edit[] {
  const byReverted = new Map(changesets.flatMap((one) => (one.reverts === null ? [] : [[one.reverts, one] as const])));
  return changesets
    .filter((one) => one.reverts === null)
    .map((first) => {
      let [tip, turns] = [first, 0];
      for (let next = byReverted.get(tip.id); next !== undefined; next = byReverted.get(tip.id)) {
        tip = next;
        turns += 1;
      }
      return { first, tip, undone: turns % 2 === 1 };
    })
    .sort((a, b) => time(b.first) - time(a.first));
}

const time = (one: Changed): number => Date.parse(one.created_at);

/** Your own latest edit that still holds. */
export const toUndo = (edits: readonly Edit[], author: string): Edit | null => edits.find((edit) => edit.first.author === author && !edit.undone) ?? null;

/** Your own edit that was taken back last, unless you edited anew since. */
export function toRedo(edits: readonly Edit[], author: string): Edit | null {
  const own = edits.filter((edit) => edit.first.author === author);
  const undone = own.filter((edit) => edit.undone).sort((a, b) => time(b.tip) - time(a.tip))[0];
  if (undone === undefined) return null;
  const isOutdated = own.some((edit) => !edit.undone && edit.tip === edit.first && time(edit.first) > time(undone.tip));
  return isOutdated ? null : undone;
}
