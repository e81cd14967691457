/* The palette: what was typed becomes places to go and acts to do, the likeliest first. */

import type { Grid, Session } from "../api/sessionTypes";
import { placeOf, type Place } from "./permalinks";

export interface Offer {
  readonly title: string;
  readonly hint: string;
  readonly goes?: Place;
  readonly act?: Act;
}

export type Act =
  | { readonly type: "holes" | "squares"; readonly slug: string; readonly set: { readonly skip: boolean } | { readonly queue: boolean } | { readonly label: string } }
  | { readonly type: "grid"; readonly slug: string; readonly set: { readonly skip: true } | { readonly queue: true } }
  | { readonly type: "verdict"; readonly slug: string; readonly verdict: string }
  | { readonly type: "pause" | "resume" | "theme" | "help" };

export interface Known {
  readonly place: Place;
  readonly sessions: readonly Session[];
  readonly grids: readonly Grid[];
  readonly edits: boolean;
}

const PAGES: readonly (readonly [string, (session: string | undefined) => Place | null])[] = [
  ["Now", () => ({ page: "now" })],
  ["Alerts", () => ({ page: "alerts" })],
  ["Plan a session", () => ({ page: "plan" })],
  ["Health", () => ({ page: "health" })],
  ["Admin", () => ({ page: "admin" })],
  ["Developer", () => ({ page: "dev" })],
  ...(["live", "compare", "triage", "timeline", "decisions", "journal", "plan"] as const).map(
    (page) => [{ live: "Live plots", compare: "Compare grids", triage: "Triage", timeline: "Timeline", decisions: "Decisions and audit", journal: "Journal", plan: "Plan of this session" }[page], (session: string | undefined): Place | null => (session === undefined ? null : { page, session })] as const,
  ),
];

const SLUG = /^g\d+(-[se]\d+(-[hc]\d+(-x\d+)?)?)?$/i;
const ACT = /^(skip|queue|unqueue|unskip|label)\s+(?:(hole|square|grid)\s+)?([\w.-]+)(?:\s+(?:as\s+)?(.+))?$/i;
const VERDICT = /^(collect|re-?screen|discard)\s+(.+)$/i;

/** Offers for what was typed; acts come first, since whoever writes a verb means it. */
export function offers(typed: string, known: Known, most = 12): Offer[] {
  const text = typed.trim();
  const found = [...(known.edits ? acts(text, known) : []), ...jumps(text, known), ...simple(text), ...named(text, known)];
  return found.slice(0, most);
}

function jumps(text: string, known: Known): Offer[] {
  const session = known.place.session;
  if (session === undefined || !SLUG.test(text)) return [];
  const slug = text.toLowerCase();
  return [{ title: `Open ${slug}`, hint: "by its short id", goes: placeOf(session, slug) }];
}

function simple(text: string): Offer[] {
  const all: Offer[] = [
    { title: "Pause after the current target", hint: "a wish the microscope obeys at its next decision", act: { type: "pause" } },
    { title: "Resume the run", hint: "", act: { type: "resume" } },
    { title: "Change between dark and light", hint: "", act: { type: "theme" } },
    { title: "Keys", hint: "?", act: { type: "help" } },
  ];
  return all.filter((one) => text !== "" && matches(one.title, text));
}

function named(text: string, known: Known): Offer[] {
  const { session } = known.place;
  const pages = PAGES.flatMap(([title, of]): Offer[] => {
    const goes = of(session);
    return goes !== null && matches(title, text) ? [{ title, hint: session !== undefined && goes.session !== undefined ? session : "", goes }] : [];
  });
  const grids = known.grids.filter((grid) => matches(`${grid.slug} ${grid.name} ${grid.sample}`, text)).map((grid): Offer => ({ title: grid.name, hint: `grid in slot ${grid.position}`, goes: { page: "grid", session: session!, grid: grid.slug } }));
  const sessions = known.sessions.filter((one) => matches(`${one.name} ${one.group}`, text)).map((one): Offer => ({ title: one.name, hint: `session of ${one.group}`, goes: { page: "session", session: one.name } }));
  return [...pages, ...(session === undefined ? [] : grids), ...sessions];
}

function acts(text: string, known: Known): Offer[] {
  const judged = VERDICT.exec(text);
  if (judged !== null) {
    const grid = gridNamed(judged[2]!, known);
    const verdict = judged[1]!.toLowerCase().replace("rescreen", "re-screen");
    return grid === null ? [] : [{ title: `${verdict} ${grid.name}`, hint: "your verdict on this grid", act: { type: "verdict", slug: grid.slug, verdict } }];
  }
  const [, spelt = "", kind = "", what = "", label = ""] = ACT.exec(text) ?? [];
  const verb = spelt.toLowerCase();
  if (verb === "") return [];
  if (verb === "label" ? label === "" : label !== "") return [];
  const grid = kind === "" || kind === "grid" ? gridNamed(what, known) : null;
  if (grid !== null && (verb === "skip" || verb === "queue")) {
    return [{ title: `${verb} grid ${grid.name}`, hint: `slot ${grid.position}`, act: { type: "grid", slug: grid.slug, set: verb === "skip" ? { skip: true } : { queue: true } } }];
  }
  const slug = kind.toLowerCase() === "grid" ? null : slugOf(what, kind.toLowerCase(), known.place);
  if (slug === null) return [];
  const set = verb === "label" ? { label } : verb === "skip" || verb === "unskip" ? { skip: verb === "skip" } : { queue: verb === "queue" };
  const isHole = slug.split("-").length > 2;
  return [{ title: `${verb} ${isHole ? "hole" : "square"} ${slug}${label === "" ? "" : ` as ${label}`}`, hint: "Undo takes it back", act: { type: isHole ? "holes" : "squares", slug, set } }];
}

function gridNamed(text: string, known: Known): Grid | null {
  const wanted = text.trim().toLowerCase();
  return known.grids.find((grid) => [grid.slug, grid.name.toLowerCase(), String(grid.position)].includes(wanted)) ?? null;
}

/* "hole 255" is meant in the open square, "square 17" in the open grid. */
function slugOf(text: string, kind: string, place: Place): string | null {
  if (SLUG.test(text) && text.includes("-")) return text.toLowerCase();
  if (!/^\d+$/.test(text)) return null;
  if (kind === "square" && place.grid !== undefined) return `${place.grid}-s${text.padStart(2, "0")}`;
  if (kind !== "square" && place.square !== undefined) return `${place.square}-h${text.padStart(3, "0")}`;
  return null;
}

/** Every word of what was typed begins somewhere in the text. */
export const matches = (text: string, typed: string): boolean => {
  const words = text.toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => words.includes(word));
};
