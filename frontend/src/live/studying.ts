/* What a person can have worked out from a grid's particles; each is one documented API call. */

import { post, put } from "../api/client";
import type { BulkAnswer } from "../api/answerTypes";
import type { ParticleStudy } from "../api/studyTypes";
import { toasts } from "./toasts.svelte";

const BEGUN: Record<ParticleStudy["kind"], string> = {
  "learnt-picker": "A picker learns from the clicks; it is used once you choose it.",
  "class-averages": "The particles are being averaged.",
};

/** True once it is asked for. */
export async function wantStudy(grid: string, kind: ParticleStudy["kind"]): Promise<boolean> {
  try {
    await post<ParticleStudy>(`grids/${grid}/particle-studies`, { kind });
    toasts.say(BEGUN[kind]);
    return true;
  } catch (problem) {
    toasts.fail(problem);
    return false;
  }
}

/** Who looks in the grid's next exposures; null: the protocol's picker. */
export async function usePicker(grid: { id: string; version: number }, study: ParticleStudy | null): Promise<void> {
  try {
    const answer = await put<BulkAnswer>(`grids/${grid.id}/picker`, { study: study?.id ?? null }, grid.version);
    toasts.say(study === null ? "The protocol's picker looks in the next exposures." : `Picker ${study.number} looks in the next exposures.`, answer.changeset);
  } catch (problem) {
    toasts.fail(problem);
  }
}
