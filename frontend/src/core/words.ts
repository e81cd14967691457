/* Sentences the page says: states, events, and honest counts before and after an edit. */

import * as units from "./units";

export interface StateWord {
  readonly word: string;
  readonly icon: "run" | "wait" | "pause" | "idle" | "error" | "offline" | "done";
  readonly tone: "calm" | "busy" | "warn" | "bad" | "quiet";
}

const STATES: Record<string, StateWord> = {
  running: { word: "running", icon: "run", tone: "busy" },
  arming: { word: "starting", icon: "run", tone: "busy" },
  queued: { word: "waiting to start", icon: "wait", tone: "calm" },
  suspended: { word: "waiting", icon: "wait", tone: "warn" },
  waiting: { word: "waiting", icon: "wait", tone: "calm" },
  paused: { word: "paused", icon: "pause", tone: "warn" },
  finishing: { word: "finishing", icon: "run", tone: "busy" },
  idle: { word: "idle", icon: "idle", tone: "quiet" },
  ready: { word: "ready", icon: "idle", tone: "quiet" },
  error: { word: "error", icon: "error", tone: "bad" },
  failed: { word: "failed", icon: "error", tone: "bad" },
  interrupted: { word: "interrupted", icon: "error", tone: "bad" },
  quarantined: { word: "held back", icon: "error", tone: "bad" },
  aborted: { word: "stopped", icon: "done", tone: "quiet" },
  stopped: { word: "stopped", icon: "done", tone: "quiet" },
  done: { word: "done", icon: "done", tone: "quiet" },
  planned: { word: "planned", icon: "idle", tone: "quiet" },
  imported: { word: "imported", icon: "done", tone: "quiet" },
  offline: { word: "offline", icon: "offline", tone: "bad" },
};

/** A state in words; one nobody foresaw is said as it came. */
export const stateWord = (state: string): StateWord => STATES[state] ?? { word: state.replaceAll("_", " "), icon: "idle", tone: "quiet" };

export const VERDICTS: Record<string, string> = {
  collect: "Collect",
  "re-screen": "Re-screen",
  discard: "Discard",
  undecided: "Undecided",
};
export const verdictWord = (verdict: string): string => VERDICTS[verdict] ?? verdict;

const REASONS: Record<string, string> = {
  already_exposed: "already exposed",
  illegal_transition: "in a state that does not allow it",
  changed_since: "changed since",
  unchanged: "so already",
  already_queued: "queued already",
  already_skipped: "skipped already",
  grid_ended: "on a grid that has ended",
  not_found: "not there any more",
};
const reasonWord = (code: string): string => REASONS[code] ?? code.replaceAll("_", " ");

export interface Left {
  readonly code: string;
}

/** "9 already exposed, 2 changed since"; empty when nothing was left out. */
export function leftOut(skipped: readonly Left[]): string {
  const counts = new Map<string, number>();
  for (const { code } of skipped) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([code, number]) => `${units.count(number)} ${reasonWord(code)}`)
    .join(", ");
}

/** Before an edit: "queue 31 of 40; 9 already exposed". */
export function honestCount(act: string, changed: number, matched: number, skipped: readonly Left[]): string {
  const head = changed === matched ? `${act} ${units.count(changed)}` : `${act} ${units.count(changed)} of ${units.count(matched)}`;
  const rest = leftOut(skipped);
  return rest === "" ? head : `${head}; ${rest}`;
}

/** After an edit: "31 holes queued; 9 already exposed". */
export function outcome(changed: number, one: string, done: string, skipped: readonly Left[]): string {
  const rest = leftOut(skipped);
  return `${units.many(changed, one)} ${done}${rest === "" ? "" : `; ${rest}`}`;
}

/** After an undo: "130 restored, 9 changed since, 3 already exposed". */
export function undone(changed: number, skipped: readonly Left[]): string {
  const rest = leftOut(skipped);
  return `${units.count(changed)} restored${rest === "" ? "" : `, ${rest}`}`;
}

const VERBS: Record<string, string> = {
  "session.created": "created the session",
  "session.changed": "changed the session",
  "grid.changed": "changed a grid",
  "grid.loaded": "loaded a grid",
  "grid.finished": "finished a grid",
  "atlas.taken": "took an atlas",
  "atlas.analysed": "found the squares of an atlas",
  "square.imaged": "imaged a square",
  "square.analysed": "found the holes of a square",
  "square.changed": "changed squares",
  "hole.changed": "changed holes",
  "group.changed": "regrouped holes",
  "exposure.taken": "took an exposure",
  "exposure.analysed": "measured an exposure",
  "exposure.lost": "lost an exposure",
  "run.changed": "changed the run",
  "step.began": "began a step",
  "step.ended": "ended a step",
  "wait.began": "began to wait",
  "wait.ended": "stopped waiting",
  "command.wished": "asked the microscope",
  "command.changed": "answered a request",
  "changeset.recorded": "edited",
  "changeset.reverted": "took back an edit",
};

/** "took an exposure", "changed 12 squares". */
export function eventWords(kind: string, count: number): string {
  const said = VERBS[kind] ?? kind.replace(".", " ").replaceAll("_", " ");
  return count > 1 ? said.replace(/ (?:an?|the) (\w+)$| (squares|holes)$/, (_all, one?: string, more?: string) => ` ${units.count(count)} ${more ?? `${one}s`}`) : said;
}
