/* Holes added, moved and deleted, lattices extended, groups solved again: each can be tried first and taken back. */

import { get, patch, post } from "../api/client";
import type { BulkAnswer } from "../api/answerTypes";
import type { Hole } from "../api/targetTypes";
import * as units from "../core/units";
import { outcome } from "../core/words";
import { toasts } from "./toasts.svelte";

export interface Place {
  readonly x_px: number;
  readonly y_px: number;
  readonly radius_um?: number;
}

async function told<Answer>(act: Promise<Answer>, say: (answer: Answer) => void): Promise<Answer | null> {
  try {
    const answer = await act;
    say(answer);
    return answer;
  } catch (problem) {
    toasts.fail(problem);
    return null;
  }
}

export const addHole = (square: string, place: Place): Promise<BulkAnswer | null> =>
  told(post<BulkAnswer>(`squares/${square}/holes`, { holes: [place] }), (answer) => toasts.say("1 hole added", answer.changeset));

export const deleteHoles = (ids: readonly string[]): Promise<BulkAnswer | null> =>
  told(post<BulkAnswer>("holes/bulk", { ids, set: { delete: true }, mode: "best_effort" }), (answer) => toasts.say(outcome(answer.changed, "hole", "deleted", answer.skipped), answer.changeset));

/** Where a hole stands is corrected by so many pixels of the square's picture. */
export async function moveHole(id: string, by: { x: number; y: number }): Promise<Hole | null> {
  try {
    const hole = await get<Hole>(`holes/${id}`);
    return await told(patch<Hole>(`holes/${id}`, { x_px: hole.x_px + by.x, y_px: hole.y_px + by.y }, hole.version), (moved) => toasts.say(`${moved.slug} moved`));
  } catch (problem) {
    toasts.fail(problem);
    return null;
  }
}

interface Extended {
  changeset: string | null;
  changed: number;
  holes: Required<Place>[];
}

/** Where the film's lattice goes on beyond the known holes. */
export const tryLattice = (square: string, rings: number): Promise<Extended | null> =>
  told(post<Extended>(`squares/${square}/lattice`, { rings, dry_run: true }), (answer) => {
    if (answer.holes.length === 0) toasts.say("The lattice does not go on beyond the known holes.");
  });
export const extendLattice = (square: string, rings: number): Promise<Extended | null> =>
  told(post<Extended>(`squares/${square}/lattice`, { rings }), (answer) => toasts.say(`${units.many(answer.changed, "hole")} added on the lattice`, answer.changeset));

export interface Regrouped {
  outcome: BulkAnswer;
  before: { groups: number; holes: number };
  after: { groups: number; holes: number };
  words: string;
}
export const tryRegroup = (square: string): Promise<Regrouped | null> => told(post<Regrouped>(`squares/${square}/regroup`, { dry_run: true }), () => undefined);
export const regroup = (square: string): Promise<Regrouped | null> =>
  told(post<Regrouped>(`squares/${square}/regroup`), (answer) => toasts.say(answer.words || "Nothing changed: the groups are as good as they get.", answer.outcome.changeset));
