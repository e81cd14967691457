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
  "session.imported": "imported the session",
  "settings.changed": "changed collection parameters",
  "grid.changed": "changed a grid",
  "grid.loaded": "loaded a grid",
  "grid.finished": "finished a grid",
  "atlas.imaged": "took an atlas",
  "atlas.analysed": "found the squares of an atlas",
  "square.imaged": "imaged a square",
  "square.analysed": "found the holes of a square",
  "square.changed": "edited squares",
  "hole.changed": "edited holes",
  "exposure.changed": "judged exposures",
  "group.viewed": "viewed a group of holes",
  "exposure.taken": "took exposures",
  "exposure.analysed": "measured an exposure",
  "exposure.lost": "lost an exposure",
  "image.shown": "prepared a picture",
  "finding.failed": "could not analyse an image",
  "step.begun": "began a step",
  "step.issued": "sent a step to the microscope",
  "step.done": "ended a step",
  "step.failed": "failed at a step",
  "step.unknown": "does not know how a step ended",
  "step.lost": "gave a step up as lost",
  "run.queued": "planned the run",
  "run.running": "let the run go on",
  "run.suspended": "let the run wait",
  "run.paused": "paused the run",
  "run.finishing": "began to finish the run",
  "run.done": "finished the run",
  "run.aborted": "stopped the run",
  "run.failed": "gave the run up",
  "lease.acquired": "took hold of the microscope",
  "command.wished": "asked the microscope",
  "command.done": "did what was asked",
  "command.refused": "refused what was asked",
  "changeset.reverted": "took back an edit",
};

/** "took an exposure"; an edit says how many rows it touched. */
export function eventWords(kind: string, count: number): string {
  const said = VERBS[kind] ?? kind.replace(".", " ").replaceAll("_", " ");
  return count > 1 && kind.endsWith(".changed") ? `${said} (${units.count(count)})` : said;
}

/* Steps and pictures in the making: true, but not what a person looks for first. */
const MACHINERY = ["step", "image", "lease"];
export const isMachinery = (kind: string): boolean => MACHINERY.includes(kind.split(".")[0]!) && !/\.(failed|unknown|lost)$/.test(kind);
