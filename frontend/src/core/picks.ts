/* Particles on a picture: which count at a threshold, what a click means, and what is said of them. */

export interface Place {
  readonly x: number;
  readonly y: number;
}
interface At {
  readonly x_px: number;
  readonly y_px: number;
}
export interface PickColumns {
  readonly x_px: readonly number[];
  readonly y_px: readonly number[];
  readonly scores: readonly number[];
  readonly added: readonly At[];
  readonly removed: readonly At[];
  readonly reach_px: number;
  readonly threshold: number | null;
  readonly own_threshold: number | null;
}
export interface Particle extends Place {
  /** Null for what a person added. */
  readonly score: number | null;
}

const within = (places: readonly At[], x: number, y: number, reach: number): boolean => places.some((one) => Math.hypot(one.x_px - x, one.y_px - y) <= reach);

/** The threshold that counts: a person's, else the picker's. */
export const thresholdOf = (picks: PickColumns): number => picks.own_threshold ?? picks.threshold ?? Infinity;

/** What counts at a threshold: sure picks that nobody took away, and what people added. */
export function particlesAt(picks: PickColumns, threshold: number): Particle[] {
  const found: Particle[] = picks.added.map((one) => ({ x: one.x_px, y: one.y_px, score: null }));
  picks.scores.forEach((score, at) => {
    const [x, y] = [picks.x_px[at]!, picks.y_px[at]!];
    if (score >= threshold && !within(picks.removed, x, y, picks.reach_px) && !within(picks.added, x, y, picks.reach_px)) found.push({ x, y, score });
  });
  return found;
}

export interface Click {
  readonly add?: readonly { x_px: number; y_px: number }[];
  readonly remove?: readonly { x_px: number; y_px: number }[];
}

/** A click on a particle takes it away, one beside all of them adds one. */
export function clickAt(shown: readonly Particle[], place: Place, reach: number): Click {
  const near = shown.some((one) => Math.hypot(one.x - place.x, one.y - place.y) <= reach);
  const at = [{ x_px: Math.round(10 * place.x) / 10, y_px: Math.round(10 * place.y) / 10 }];
  return near ? { remove: at } : { add: at };
}

/** Least and greatest score a slider reaches; null where there is nothing to choose among. */
export function scoreRange(picks: PickColumns): { low: number; high: number } | null {
  if (picks.scores.length === 0) return null;
  const threshold = thresholdOf(picks);
  const [low, high] = [Math.min(...picks.scores), Math.max(...picks.scores)];
  return Number.isFinite(threshold) ? { low: Math.min(low, threshold), high: Math.max(high, threshold) } : { low, high };
}

/** "96 Å ± 4", or as given by a person or learnt from clicks; "" where nothing told it. */
export function diameterSaid(one: { method: string; diameter_angstrom: number | null; diameter_spread_angstrom: number | null; other_diameter_angstrom: number | null }): string {
  if (one.diameter_angstrom === null) return "";
  const size = `${one.diameter_angstrom.toFixed(0)}\u202fÅ`;
  const spread = one.diameter_spread_angstrom === null ? `${size} as ${one.method === "learnt-picker" ? "learnt" : "given"}` : `${size} ± ${one.diameter_spread_angstrom.toFixed(0)}`;
  return one.other_diameter_angstrom === null ? spread : `${spread}, or ${one.other_diameter_angstrom.toFixed(0)}\u202fÅ`;
}
