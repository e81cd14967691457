/* What a person can do about particles and denoised pictures; each is one documented API call. */

import { get, patch, post } from "../api/client";
import type { Picks } from "../api/pickTypes";
import type { BulkAnswer } from "../api/answerTypes";
import type { Click } from "../core/picks";
import * as units from "../core/units";
import { toasts } from "./toasts.svelte";

export interface Asked {
  method?: string;
  diameter_angstrom?: number | null;
}
/** Whose exposures: one's own, a square's or a grid's. */
export interface Whose {
  what: "exposures" | "squares" | "grids";
  id: string;
  slug: string;
}

async function told(act: Promise<BulkAnswer>, say: (answer: BulkAnswer) => string): Promise<boolean> {
  try {
    const answer = await act;
    const left = answer.skipped[0];
    toasts.say(answer.changed === 0 && left !== undefined ? left.reason : say(answer), answer.changeset);
    return answer.changed > 0;
  } catch (problem) {
    toasts.fail(problem);
    return false;
  }
}

const some = (answer: BulkAnswer): string => units.many(answer.changed, "exposure") + (answer.skipped.length === 0 ? "" : `; ${answer.skipped.length} cannot be used`);

export interface StepPicture {
  name: string;
  width_px: number;
  height_px: number;
  png: string;
}
export interface PickingSteps {
  steps: StepPicture[];
  x_px: number[];
  y_px: number[];
}
/** What the clusters-of-grey picker sees with other settings; nothing is written. */
export const previewSteps = (exposure: string, settings: Record<string, number>): Promise<PickingSteps> => post<PickingSteps>(`exposures/${exposure}/picks/preview`, settings);

export const readPicks = (exposure: string): Promise<Picks> => get<Picks>(`exposures/${exposure}/picks`);

export function wantPicks(whose: Whose, asked: Asked = {}): Promise<boolean> {
  return told(post<BulkAnswer>(`${whose.what}/${whose.id}/picks`, asked), (answer) => `Particles are looked for in ${some(answer)}.`);
}

export function wantDenoised(whose: Whose): Promise<boolean> {
  return told(post<BulkAnswer>(`${whose.what}/${whose.id}/denoised`), (answer) => `${some(answer)} to be denoised.`);
}

/** Adds, takes away, or moves the threshold (`null`: back to the picker's). */
export function editPicks(picks: Picks, change: Click & { threshold?: number | null }): Promise<boolean> {
  const verb = change.add ? "A particle is added" : change.remove ? "A particle is taken away" : "The threshold is moved";
  return told(patch<BulkAnswer>(`exposures/${picks.exposure}/picks`, change, picks.version), () => `${verb}.`);
}
