/* Which targets are most like the selected ones, by everything that was measured of them. */

import { MEASURES, type Measure } from "./measures";
import type { Target } from "./overlay";
import { combine, type Selection } from "./selection";

/** What a target looks like before it is exposed; results of exposures are not part of its looks. */
const LOOKS: readonly Measure[] = ["ice", "score", "area", "grey", "probability"];
/** A measure that fewer targets have says little about the rest. */
const LEAST_KNOWN = 0.5;
/** Of a normal distribution, its deviation per median absolute deviation. */
const PER_MAD = 1.4826;
export const AT_ONCE = 10;
/** So many of the selected are compared with; of more, evenly chosen ones. */
const MOST_MODELS = 200;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** How wide a measure spreads; 0 where it tells no target from another. */
function spreadOf(values: readonly number[]): number {
  const middle = median(values);
  const deviation = PER_MAD * median(values.map((value) => Math.abs(value - middle)));
  if (deviation > 0) return deviation;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length);
}

/** Ids of the `count` targets nearest to any that is selected, nearest first.

    Measures are put on one scale by their median absolute deviation; one of the same class counts as
    one deviation nearer. Only measures that both have are compared; without any in common there is no likeness. */
export function alike(targets: readonly Target[], ids: ReadonlySet<string>, count = AT_ONCE): string[] {
  const scales = LOOKS.flatMap((measure) => {
    const { of } = MEASURES[measure];
    const known = targets.flatMap((target) => of(target) ?? []);
    const spread = known.length > 0 && known.length >= LEAST_KNOWN * targets.length ? spreadOf(known) : 0;
    return spread > 0 ? [{ of, spread }] : [];
  });
  const selected = targets.filter((target) => ids.has(target.id));
  const every = Math.ceil(selected.length / MOST_MODELS);
  const models = selected.filter((_, at) => at % every === 0);
  const away = (one: Target, other: Target): number => {
    let [sum, compared] = [0, 0];
    for (const { of, spread } of scales) {
      const [a, b] = [of(one), of(other)];
      if (a === null || b === null) continue;
      sum += ((a - b) / spread) ** 2;
      compared += 1;
    }
    if (compared === 0) return Infinity;
    const classes = (one.label || one.modelLabel) === (other.label || other.modelLabel) ? 0 : 1;
    return sum / compared + classes;
  };
  return targets
    .filter((target) => !ids.has(target.id))
    .map((target) => ({ id: target.id, away: Math.min(...models.map((model) => away(target, model))) }))
    .filter((each) => Number.isFinite(each.away))
    .sort((a, b) => a.away - b.away)
    .slice(0, count)
    .map((each) => each.id);
}

/** The selection with the next most alike in it. */
export const withAlike = (now: Selection, targets: readonly Target[], count = AT_ONCE): Selection => combine(now, alike(targets, now.ids, count), "add");
