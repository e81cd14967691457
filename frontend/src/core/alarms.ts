/* What an alarm says, in which order, and who may answer it; no DOM. */

import type { Me } from "../api/peopleTypes";
import type { Session } from "../api/sessionTypes";
import * as units from "./units";

export type Level = "INFO" | "MINOR" | "MAJOR" | "INVALID";

export interface Delivery {
  id: string;
  round: number;
  duty: string;
  recipient: string;
  channel: string;
  state: "wanted" | "sending" | "sent" | "failed" | "unknown" | "dropped";
  attempts: number;
  sent_at: string | null;
  answer: string;
}

export interface Alarm {
  id: string;
  key: string;
  level: Level;
  state: "raised" | "acknowledged" | "cleared" | "closed";
  microscope: string | null;
  microscope_name: string | null;
  simulated: boolean;
  session: string | null;
  text: string;
  advice: string;
  raised_at: string;
  /** null: a part of the service noticed by itself. */
  raised_by: string | null;
  cleared_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  shelved: boolean;
  shelved_until: string | null;
  shelved_by: string | null;
  shelf_reason: string;
  round: number;
  deliveries: Delivery[];
}

export interface Ladder {
  mail: boolean;
  rungs: { duty: string; after_minutes: number; channels: string[] }[];
  may_test: boolean;
}

const ORDER: readonly Level[] = ["INVALID", "MAJOR", "MINOR", "INFO"];
export const LEVELS: Record<Level, { word: string; tone: "bad" | "warn" | "calm"; icon: "error" | "wait" | "idle" }> = {
  INVALID: { word: "no value", tone: "bad", icon: "error" },
  MAJOR: { word: "major", tone: "bad", icon: "error" },
  MINOR: { word: "minor", tone: "warn", icon: "wait" },
  INFO: { word: "note", tone: "calm", icon: "idle" },
};

/** Nobody has answered it, and nobody has put it aside. */
export const isPressing = (alarm: Alarm): boolean => (alarm.state === "raised" || alarm.state === "cleared") && !alarm.shelved;

/** Pressing ones first, the worst before all, the newest of equals. */
export function inOrder(alarms: readonly Alarm[]): Alarm[] {
  const rank = (alarm: Alarm): number => (isPressing(alarm) ? 0 : 10) + (alarm.state === "cleared" ? 5 : 0) + ORDER.indexOf(alarm.level);
  return [...alarms].sort((a, b) => rank(a) - rank(b) || b.raised_at.localeCompare(a.raised_at));
}

/** For the bell: how many press, and how bad the worst is. */
export function pressing(alarms: readonly Alarm[]): { count: number; worst: Level | null } {
  const those = alarms.filter(isPressing);
  return { count: those.length, worst: ORDER.find((level) => those.some((alarm) => alarm.level === level)) ?? null };
}

/** "for 12 min 05 s, nobody has acknowledged it". */
export function standing(alarm: Alarm, nowMs: number, clock: (at: string) => string): string {
  const since = (at: string): string => units.duration((nowMs - Date.parse(at)) / 1000);
  switch (alarm.state) {
    case "raised":
      return `for ${since(alarm.raised_at)}; nobody has acknowledged it`;
    case "acknowledged":
      return `for ${since(alarm.raised_at)}; ${alarm.acknowledged_by ?? "somebody"} has seen it at ${clock(alarm.acknowledged_at ?? alarm.raised_at)}`;
    case "cleared":
      return `over since ${clock(alarm.cleared_at ?? alarm.raised_at)}; it stays until somebody has seen it`;
    case "closed":
      return `over; seen by ${alarm.acknowledged_by ?? "somebody"}`;
  }
}

const SENT: Record<Delivery["state"], string> = {
  wanted: "is to be told",
  sending: "is being told",
  sent: "was told",
  failed: "could not be told",
  unknown: "may not have been told",
  dropped: "needed not be told",
};

/** "operator by mail was told at 02:13:44". */
export function told(delivery: Delivery, clock: (at: string) => string): string {
  const when = delivery.sent_at === null ? "" : ` at ${clock(delivery.sent_at)}`;
  const why = delivery.state === "sent" || delivery.answer === "" ? "" : `: ${delivery.answer}`;
  return `${delivery.recipient} by ${delivery.channel} ${SENT[delivery.state]}${when}${why}`;
}

const DUTIES: Record<string, string> = { user: "whoever started the run", operator: "the operators", on_call: "the person on call", lead: "the group's lead" };

/** "after 10 min the operators, by mail and json example.org". */
export function rungWords(rung: Ladder["rungs"][number], mail: boolean): string {
  const when = rung.after_minutes === 0 ? "at once" : `after ${units.minutes(rung.after_minutes).replace(/ 00\u202fs$/, "")}`;
  const ways = [...(mail && rung.duty !== "on_call" ? ["mail"] : []), ...rung.channels];
  return `${when} ${DUTIES[rung.duty] ?? rung.duty}${ways.length === 0 ? ", but no way to tell them is set up" : `, by ${ways.join(" and ")}`}`;
}

/** Whether any message leaves the server at all. */
export const reachesPeople = (ladder: Ladder): boolean => ladder.mail || ladder.rungs.some((rung) => rung.channels.length > 0);

const AGENT: Record<string, string> = { watching: "watching", armed: "armed", tripped: "has closed the valves", absent: "does not answer" };

/** What guards a microscope when its bridge dies; null where that need not be said. */
export function guardWords(state: string, simulated: boolean): { word: string; bad: boolean } | null {
  if (state === "") return simulated ? null : { word: "none is set up", bad: true };
  return { word: AGENT[state] ?? state, bad: state === "absent" || state === "tripped" };
}

/** As the server decides it: who may edit the session, or has a grant for the microscope; staff. */
export function mayAnswer(alarm: Alarm, me: Me | null, sessions: readonly Session[]): boolean {
  if (me === null) return false;
  if (me.staff || me.admin || alarm.raised_by === me.username) return true;
  const grants = me.microscopes.filter((one) => one.id === alarm.microscope);
  if (alarm.session === null) return alarm.microscope !== null && grants.length > 0;
  const group = sessions.find((one) => one.id === alarm.session)?.group;
  const role = me.groups.find((one) => one.name === group)?.role;
  return role === "member" || role === "lead" || grants.some((one) => one.operator);
}
