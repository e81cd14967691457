/* Taking edits back and redoing them, by what the server remembers: a reload forgets nothing. */

import { get } from "../api/client";
import type { Changeset, Page } from "../api/answerTypes";
import { editsOf, toRedo, toUndo, type Edit } from "../core/history";
import { rights } from "./rights.svelte";
import { toasts } from "./toasts.svelte";

/** Older edits are taken back from a script. */
const REMEMBERED = 300;

class History {
  /** Whether the drawer with all edits is open. */
  open = $state(false);

  async edits(session: string): Promise<Edit[]> {
    const page = await get<Page<Changeset>>("changesets", { session, limit: REMEMBERED });
    return editsOf(page.results);
  }

  /** Ctrl-Z and Ctrl-Shift-Z: one's own latest edit, or the one taken back last. */
  async step(session: string, way: "undo" | "redo"): Promise<void> {
    const me = rights.me?.username;
    if (me === undefined) return;
    try {
      const edits = await this.edits(session);
      const found = way === "undo" ? toUndo(edits, me) : toRedo(edits, me);
      if (found === null) toasts.say(way === "undo" ? "There is no edit of yours left to take back." : "There is nothing of yours to redo.");
      else await toasts.undo(found.tip.id, way === "redo" ? "redone" : "restored");
    } catch (problem) {
      toasts.fail(problem);
    }
  }
}

export const history = new History();
