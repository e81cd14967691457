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
  released: { word: "control given back", icon: "idle", tone: "quiet" },
  working: { word: "working", icon: "run", tone: "busy" },
  starting: { word: "starting", icon: "run", tone: "busy" },
  silent: { word: "not heard of", icon: "offline", tone: "bad" },
  held_back: { word: "held back", icon: "error", tone: "bad" },
  occupied: { word: "occupied", icon: "run", tone: "calm" },
  intent: { word: "begun", icon: "run", tone: "calm" },
  issued: { word: "sent", icon: "run", tone: "busy" },
  unknown: { word: "outcome unknown", icon: "error", tone: "bad" },
  lost: { word: "lost", icon: "error", tone: "bad" },
  partial: { word: "begun, then given up between two exposures", icon: "done", tone: "quiet" },
  abandoned: { word: "given up before it was sent", icon: "done", tone: "quiet" },
};

/** A state in words; one nobody foresaw is said as it came. */
export const stateWord = (state: string): StateWord => STATES[state] ?? { word: state.replaceAll("_", " "), icon: "idle", tone: "quiet" };

const EXPOSURE_CLASSES: Record<string, string> = {
  good: "good",
  thick: "thick ice",
  no_ice: "no ice",
  no_particles: "ice without particles",
  crystalline: "crystalline ice",
  contaminated: "contaminated",
  foil: "foil or crack",
  blurred: "blurred",
  unknown: "unknown",
};
/** What an exposure shows, in words; one nobody foresaw is said as it came. */
export const exposureClass = (seen: string): string => EXPOSURE_CLASSES[seen] ?? seen.replaceAll("_", " ");

/** What is seen in an exposure: a person's word first, else the class with its probability. */
export const seenIn = (label: string, seen: string, probability: number | null): string => {
  const judged = seen === "" ? "" : exposureClass(seen) + (probability === null || seen === "unknown" ? "" : ` (${Math.round(100 * probability)} %)`);
  if (label === "") return judged === "" ? units.UNKNOWN : judged;
  return judged === "" ? `${label}, by a person` : `${label}, by a person; seen as ${judged}`;
};

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
export function undone(changed: number, skipped: readonly Left[], done = "restored"): string {
  const rest = leftOut(skipped);
  return `${units.count(changed)} ${done}${rest === "" ? "" : `, ${rest}`}`;
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
  "square.regrouped": "grouped the holes of a square anew",
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
  "run.arming": "looked at the instrument before the run",
  "run.running": "let the run go on",
  "run.suspended": "let the run wait",
  "run.paused": "paused the run",
  "run.finishing": "began to finish the run",
  "run.done": "finished the run",
  "run.aborted": "stopped the run",
  "run.failed": "gave the run up",
  "run.changed": "paused the run for a person",
  "run.waiting": "began to wait",
  "run.waited": "ended a wait",
  "run.interrupted": "interrupted the run",
  "alarm.raised": "raised an alarm",
  "alarm.cleared": "says that an alarm is over",
  "alarm.told": "told somebody of an alarm",
  "alarm.acknowledged": "acknowledged an alarm",
  "alarm.shelved": "put an alarm aside",
  "microscope.changed": "heard of the safety agent",
  "lease.acquired": "took hold of the microscope",
  "link.lost": "lost the link to the microscope",
  "suspender.tripped": "holds back the beam",
  "suspender.cleared": "holds the beam back no longer",
  "exposure.invalid": "found an exposure worth nothing",
  "lease.released": "let go of the microscope",
  "lease.quarantined": "held the microscope back",
  "lease.cleared": "cleared the microscope",
  "driver.taken": "took the helm",
  "driver.released": "handed the helm back",
  "driver.asked": "asked for the helm",
  "driver.handed_over": "handed the helm over",
  "driver.refused": "kept the helm",
  "driver.forced": "took the helm by force",
  "command.wished": "asked the microscope",
  "command.done": "did what was asked",
  "command.refused": "refused what was asked",
  "command.accepted": "heard what was asked",
  "command.failed": "could not do what was asked",
  "command.expired": "came too late for what was asked",
  "changeset.reverted": "took back an edit",
};

const COMMANDS: Record<string, string> = {
  move_stage: "move the stage",
  start: "start the run",
  resume: "resume the run",
  pause: "pause",
  pause_after_current: "pause after the current target",
  pause_between_grids: "pause between grids",
  stop: "stop the run",
  emergency_stop: "stop at once",
  skip_grid: "skip a grid",
  skip_target: "skip a target",
  load_grid: "take the grid put in by hand",
  confirm_stage: "know which grid is on the stage",
};
/** "start the run"; a command nobody foresaw is said as it came. */
export const commandWords = (type: string): string => COMMANDS[type] ?? type.replaceAll("_", " ");

const STEPS: Record<string, string> = {
  arm: "look at cassette and column",
  load_grid: "load a grid",
  confirm_stage: "take a person's word for what is on the stage",
  open_valves: "open the valves",
  atlas: "take an atlas",
  square: "image a square",
  expose: "expose a group of holes",
  zero_loss: "refine the zero-loss peak",
  flash_gun: "flash the gun",
  dark_reference: "renew the dark reference",
  tune_beam: "correct astigmatism and coma",
  finish_grid: "finish a grid",
  safe_state: "close the valves",
};
/** "take an atlas", of the kind of a step in the journal. */
export const stepWords = (kind: string): string => STEPS[kind] ?? kind.replaceAll("_", " ");

const CODES: Record<string, string> = {
  off_lattice: "off the lattice",
  ice_thick: "ice too thick",
  ice_thin: "ice too thin",
  isolated: "no other hole in reach",
  min_group_size: "too few holes in reach for a group",
  shift_limit: "beyond what the beam may be shifted",
  not_chosen: "not among those chosen",
  regrouped: "its holes went to other groups",
  needs_review: "in doubt: look first",
  outcome_unknown: "outcome unknown",
  view_lost: "view lost",
  process_died: "the process died",
  person: "by a person",
};
/** A class, label or reason code as people say it. */
export const codeWords = (code: string): string => CODES[code] ?? code.replaceAll("_", " ");

/** "took an exposure"; an edit says how many rows it touched, a wish what was wished. */
export function eventWords(kind: string, count: number, what: string = ""): string {
  if (kind === "command.wished" && what !== "") return `asked the microscope to ${commandWords(what)}`;
  if (kind.startsWith("command.") && what !== "") return `${VERBS[kind] ?? `${kind.slice(8)} what was asked`}: ${commandWords(what)}`;
  if (kind === "step.begun" && what !== "") return `began to ${stepWords(what)}`;
  const said = VERBS[kind] ?? kind.replace(".", " ").replaceAll("_", " ");
  return count > 1 && kind.endsWith(".changed") ? `${said} (${units.count(count)})` : said;
}

/* Steps, waits and pictures in the making: true, but not what a person looks for first. */
const MACHINERY = /^(step|image|lease|routine)\.|^run\.wait/;
const TROUBLE = /\.(failed|unknown|lost|quarantined|cleared)$/;
/* Every image and its measurement: what the night consists of, a hundred lines an hour. */
const ROUTINE = /^(exposure\.(taken|analysed)|group\.viewed|square\.imaged|command\.accepted)$/;
export const isRoutine = (kind: string): boolean => ROUTINE.test(kind);
export const isMachinery = (kind: string): boolean => MACHINERY.test(kind) && !TROUBLE.test(kind);
