/* After a limit changed: what grouping anew would make of every square whose holes wait. */

import { post } from "../api/client";
import type { Square } from "../api/targetTypes";
import { totalled, type Plan, type Regrouping } from "../core/regrouping";
import * as units from "../core/units";
import { everything } from "./lists";
import type { Regrouped } from "./shaping";
import { toasts } from "./toasts.svelte";

/** So many squares are looked at for one offer. */
const MOST_SQUARES = 40;

/** Tries every square of the scope; null where no square has holes that wait, or none would change. */
export async function offerRegrouping(scope: Record<string, string>): Promise<Regrouping | null> {
  try {
    const squares = await everything<Square>("squares", { ...scope, status: "analysed", external: false, fields: "id,slug" });
    const plans: Plan[] = [];
    for (const { id } of squares.slice(0, MOST_SQUARES)) {
      const { before, after } = await post<Regrouped>(`squares/${id}/regroup`, { dry_run: true });
      if (before.groups !== after.groups || before.holes !== after.holes) plans.push({ square: id, before, after });
    }
    return plans.length === 0 ? null : totalled(plans, Math.max(0, squares.length - MOST_SQUARES));
  } catch (problem) {
    toasts.fail(problem);
    return null;
  }
}

/** Each square is a changeset of its own: it can be taken back alone. */
export async function regroupAll(offer: Regrouping): Promise<void> {
  let done = 0;
  try {
    for (const square of offer.squares) {
      await post<Regrouped>(`squares/${square}/regroup`);
      done += 1;
    }
  } catch (problem) {
    toasts.fail(problem);
  }
  if (done > 0) toasts.say(`${units.many(done, "square")} grouped anew; each can be taken back under Edits.`);
}
