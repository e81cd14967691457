/* Rules by which people are told: what each kind needs, and the rule as one sentence. */

import * as units from "./units";

export type RuleKind = "idle" | "error" | "waiting" | "grid_done" | "session_done" | "metric" | "disk" | "analysis_behind";
export type RuleField = "minutes" | "free_percent" | "metric" | "low" | "high" | "exposures";

export interface AlertRule {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly kind: RuleKind;
  readonly level: string;
  readonly enabled: boolean;
  readonly microscope: string | null;
  readonly session: string | null;
  readonly author: string | null;
  readonly minutes: number | null;
  readonly free_percent: number | null;
  readonly metric: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly exposures: number | null;
  readonly quiet_from: string | null;
  readonly quiet_to: string | null;
}

export const KINDS: Record<RuleKind, { readonly title: string; readonly needs: readonly RuleField[] }> = {
  idle: { title: "No image for a while", needs: ["minutes"] },
  error: { title: "A run failed or was interrupted", needs: [] },
  waiting: { title: "A run waits for a person", needs: ["minutes"] },
  grid_done: { title: "A grid is done", needs: [] },
  session_done: { title: "A session is done", needs: [] },
  metric: { title: "A value leaves its band", needs: ["metric", "low", "high", "exposures"] },
  disk: { title: "The disk fills up", needs: ["free_percent"] },
  analysis_behind: { title: "Analysis falls behind", needs: ["minutes"] },
};

export const METRIC_WORDS: Record<string, { readonly word: string; readonly say: (value: number) => string }> = {
  ctf_fit_angstrom: { word: "CTF fit", say: units.ctfFit },
  defocus_um: { word: "defocus", say: units.defocus },
  ice_thickness_nm: { word: "ice thickness", say: units.ice },
  drift_total_angstrom: { word: "drift", say: units.drift },
  astigmatism_nm: { word: "astigmatism", say: units.astigmatism },
  mean_counts: { word: "mean counts", say: units.counts },
};

/** "when no image came for 12 min", as one reads a rule aloud. */
export function ruleWords(rule: AlertRule): string {
  switch (rule.kind) {
    case "idle":
      return `when no image came for ${units.minutes(rule.minutes)} while a run goes on`;
    case "waiting":
      return `when a run has waited for a person for ${units.minutes(rule.minutes)}`;
    case "analysis_behind":
      return `when an image has waited ${units.minutes(rule.minutes)} for its analysis`;
    case "disk":
      return `when less than ${rule.free_percent ?? "?"} % of the disk is free`;
    case "metric":
      return `when ${METRIC_WORDS[rule.metric]?.word ?? rule.metric} is ${bandWords(rule)} for ${units.many(rule.exposures ?? 0, "exposure")} in a row`;
    case "error":
      return "when a run fails, is given up or is interrupted";
    case "grid_done":
      return "when a grid is done";
    case "session_done":
      return "when a session is done";
  }
}

function bandWords(rule: AlertRule): string {
  const say = METRIC_WORDS[rule.metric]?.say ?? String;
  if (rule.low !== null && rule.high !== null) return `outside ${say(rule.low)} to ${say(rule.high)}`;
  if (rule.low !== null) return `under ${say(rule.low)}`;
  return rule.high === null ? "without a limit" : `over ${say(rule.high)}`;
}

export const quietWords = (rule: AlertRule): string => (rule.quiet_from === null || rule.quiet_to === null ? "" : `quiet from ${rule.quiet_from.slice(0, 5)} to ${rule.quiet_to.slice(0, 5)} UTC`);

/** What the API is sent of a form: only what the kind needs, numbers as numbers, empty limits as none. */
export function ruleBody(form: Readonly<Record<string, string>>): Record<string, string | number | null> {
  const kind = form["kind"] as RuleKind;
  const given = KINDS[kind].needs.map((name) => [name, name === "metric" ? (form[name] ?? "") : numberOf(form[name])] as const);
  const quiet = form["quiet_from"] && form["quiet_to"] ? { quiet_from: form["quiet_from"], quiet_to: form["quiet_to"] } : { quiet_from: null, quiet_to: null };
  return { name: (form["name"] ?? "").trim() || KINDS[kind].title, kind, level: form["level"] ?? "MINOR", ...Object.fromEntries(given), ...quiet };
}

/* By the key a plot has; what has none here cannot be watched. */
const OF_PLOT: Record<string, string> = { ctf: "ctf_fit_angstrom", ice: "ice_thickness_nm", drift: "drift_total_angstrom", astigmatism: "astigmatism_nm", counts: "mean_counts" };
const IN_A_ROW = 5;

/** A band of a plot as a rule of its session; null where that value cannot be watched or no limit is given. */
export function bandRule(session: string, plot: string, low: number | null, high: number | null): Record<string, string | number | null> | null {
  const metric = OF_PLOT[plot];
  if (metric === undefined || (low === null && high === null)) return null;
  return { name: `${METRIC_WORDS[metric]!.word} out of its band`, kind: "metric", level: "MINOR", metric, low, high, exposures: IN_A_ROW, session };
}

const numberOf = (text: string | undefined): number | null => {
  const value = Number((text ?? "").replace(",", "."));
  return (text ?? "").trim() === "" || !Number.isFinite(value) ? null : value;
};
