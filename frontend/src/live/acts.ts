/* What a person can do from the page; each is one documented API call and a note with its outcome. */

import { patch, post, put, remove } from "../api/client";
import type { BulkAnswer } from "../api/answerTypes";
import type { Exposure } from "../api/exposureTypes";
import type { Command, DriverLease } from "../api/microscopeTypes";
import type { Grid, Session } from "../api/sessionTypes";
import type { ParameterValue } from "../api/vocabularyTypes";
import { outcome, verdictWord } from "../core/words";
import { toasts } from "./toasts.svelte";

export type Resource = "squares" | "holes";
/** `label: null` takes a person's label away. */
export type TargetSet = { label: string | null } | { queue: boolean } | { skip: boolean };

const DONE = (set: TargetSet): string =>
  "label" in set ? (set.label === null ? "without a person's label" : `→ ${set.label}`) : "queue" in set ? (set.queue ? "queued" : "taken from the queue") : set.skip ? "skipped" : "no longer skipped";

const withAdvice = (text: string, answer: BulkAnswer): string => (answer.advice === "" ? text : `${text}. ${answer.advice}`);

/** Returns the answer, or null after telling the reader what went wrong. */
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

export function edit(resource: Resource, ids: readonly string[], set: TargetSet): Promise<BulkAnswer | null> {
  const one = resource === "squares" ? "square" : "hole";
  return told(post<BulkAnswer>(`${resource}/bulk`, { ids, set, mode: "best_effort" }), (answer) =>
    toasts.say(withAdvice(outcome(answer.changed, one, DONE(set), answer.skipped), answer), answer.changeset),
  );
}

/** Judges exposures; a single one is shown where it stands, many are also told of. */
export function labelExposures(ids: readonly string[], set: { label: string | null }, isTold: boolean): Promise<BulkAnswer | null> {
  return told(post<BulkAnswer>("exposures/bulk", { ids, set, mode: "best_effort" }), (answer) => {
    if (isTold || answer.skipped.length > 0) toasts.say(outcome(answer.changed, "exposure", DONE(set), answer.skipped), answer.changeset);
  });
}

/** Has a sum on half the pixel made, once. */
export function makeFineSum(exposure: Exposure): Promise<Exposure | null> {
  return told(post<Exposure>(`exposures/${exposure.id}/fine-sum`), () => toasts.say(`A finer sum of ${exposure.slug} is being made.`));
}

/** Has a worker try again what was given up. */
export function retryJob(id: string): Promise<unknown> {
  return told(post(`jobs/${id}/retry`), () => toasts.say("It is tried again."));
}

export function editGrids(ids: readonly string[], set: { queue: true } | { skip: true }): Promise<BulkAnswer | null> {
  return told(post<BulkAnswer>("grids/bulk", { ids, set, mode: "best_effort" }), (answer) =>
    toasts.say(withAdvice(outcome(answer.changed, "grid", "skip" in set ? "skipped" : "queued again", answer.skipped), answer), answer.changeset),
  );
}

const JUDGED = (verdict: string): string => (verdict === "" ? "without a person's verdict" : `→ ${verdictWord(verdict)}`);

/** One verdict on several grids; "" takes people's verdicts away. */
export function judgeGrids(ids: readonly string[], verdict: string): Promise<BulkAnswer | null> {
  return told(post<BulkAnswer>("grids/bulk", { ids, set: { verdict }, mode: "best_effort" }), (answer) =>
    toasts.say(outcome(answer.changed, "grid", JUDGED(verdict), answer.skipped), answer.changeset),
  );
}

/** The same on one grid, told by its name. */
export function giveVerdict(grid: Grid, verdict: string): Promise<BulkAnswer | null> {
  return told(post<BulkAnswer>("grids/bulk", { ids: [grid.id], set: { verdict }, mode: "best_effort" }), (answer) =>
    toasts.say(answer.changed === 1 ? `${grid.name} ${JUDGED(verdict)}` : outcome(answer.changed, "grid", JUDGED(verdict), answer.skipped), answer.changeset),
  );
}

/** A word of the group's own beside a grid; "" takes it away. */
export function giveTag(grid: Grid, tag: string): Promise<Grid | null> {
  return told(patch<Grid>(`grids/${grid.id}`, { tag }, grid.version), () => undefined);
}

export function setParameters(what: "sessions" | "grids", row: Session | Grid, changes: Record<string, ParameterValue>): Promise<unknown> {
  return patch(`${what}/${row.id}`, changes, row.version);
}

const WISHES: Record<string, string> = {
  start: "Start wished",
  resume: "Resume wished",
  pause_after_current: "Pause after the current target wished",
  pause_between_grids: "Pause before the next grid wished",
  stop: "Stop wished",
  confirm_stage: "What is on the stage is told",
  move_stage: "Stage move wished",
};

/** A command is a wish: the bridge obeys it at its next decision, and an event says so. */
export function wish(microscope: string, type: keyof typeof WISHES & string, args: Record<string, string | number> = {}): Promise<Command | null> {
  return told(post<Command>(`microscopes/${microscope}/commands`, { type, arguments: args }), () =>
    toasts.say(`${WISHES[type]}; it happens at the next decision.`),
  );
}

const helm = (microscope: string): string => `microscopes/${microscope}/driver-lease`;

export const takeHelm = (microscope: string): Promise<DriverLease | null> => told(put<DriverLease>(helm(microscope)), () => toasts.say("You are at the helm."));
/** The open page keeps its person at the helm; whoever lost it meanwhile sees so where it stands. */
export const renewHelm = (microscope: string): Promise<unknown> => put(helm(microscope)).catch(() => null);
export const releaseHelm = (microscope: string): Promise<DriverLease | null> => told(remove<DriverLease>(helm(microscope)), () => toasts.say("The helm is handed back."));
export const askForHelm = (microscope: string): Promise<DriverLease | null> => told(post<DriverLease>(`${helm(microscope)}/request`), () => toasts.say("Asked. Without an answer within 30 s you may take it."));
export const answerForHelm = (microscope: string, handOver: boolean): Promise<DriverLease | null> =>
  told(post<DriverLease>(`${helm(microscope)}/answer`, { hand_over: handOver }), () => toasts.say(handOver ? "The helm is handed over." : "You keep the helm."));
export const forceHelm = (microscope: string, reason: string): Promise<DriverLease | null> =>
  told(put<DriverLease>(helm(microscope), { force: true, reason }), () => toasts.say("You are at the helm; the log says why."));

export function emergencyStop(microscope: string, name: string): Promise<unknown> {
  return told(post(`microscopes/${microscope}/emergency-stop`), () => toasts.say(`Emergency stop sent to ${name}.`));
}
