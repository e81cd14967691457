/* What grouping several squares anew amounts to, in groups and in holes that wait. */

import * as units from "./units";

interface Count {
  readonly groups: number;
  readonly holes: number;
}
export interface Plan {
  readonly square: string;
  readonly before: Count;
  readonly after: Count;
}
export interface Regrouping {
  readonly squares: readonly string[];
  readonly before: Count;
  readonly after: Count;
  /** Squares that were not looked at. */
  readonly unseen: number;
}

export function totalled(plans: readonly Plan[], unseen: number): Regrouping {
  const sum = (of: (plan: Plan) => Count): Count => ({
    groups: plans.reduce((total, plan) => total + of(plan).groups, 0),
    holes: plans.reduce((total, plan) => total + of(plan).holes, 0),
  });
  return { squares: plans.map((plan) => plan.square), before: sum((plan) => plan.before), after: sum((plan) => plan.after), unseen };
}

/** "2 squares: 40 groups with 120 holes would become 33 with 131". */
export function regroupingWords({ squares, before, after, unseen }: Regrouping): string {
  const rest = unseen === 0 ? "" : `; ${units.many(unseen, "further square")} not looked at`;
  return `${units.many(squares.length, "square")}: ${units.many(before.groups, "group")} with ${units.many(before.holes, "hole")} waiting would become ${units.count(after.groups)} with ${units.count(after.holes)}${rest}`;
}
