/* Two clicks within three seconds: for an act that must be fast and must not happen by accident. */

export const WINDOW_MS = 3_000;

export interface Arming {
  readonly armedAt: number | null;
}

export const safe: Arming = { armedAt: null };

export const isArmed = (now: Arming, at: number): boolean => now.armedAt !== null && at - now.armedAt <= WINDOW_MS;

/** The state after a click, and whether this click is the second one that acts. */
export function press(now: Arming, at: number): { arming: Arming; fire: boolean } {
  return isArmed(now, at) ? { arming: safe, fire: true } : { arming: { armedAt: at }, fire: false };
}
