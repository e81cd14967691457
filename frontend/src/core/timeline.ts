/* Bars of a timeline: spans of time laid out in lanes, the tiny ones drawn together. */

import { placeOf, type Place } from "./permalinks";

export interface Span {
  readonly lane: string;
  readonly what: string;
  readonly begin_s: number;
  readonly end_s: number | null;
  readonly state: string;
  readonly grid: string;
  /** Short id of the square or group it was about; "" for none. */
  readonly target: string;
}

export interface Timeline {
  readonly begin_s: number | null;
  readonly end_s: number | null;
  readonly live: boolean;
  readonly spans: readonly Span[];
  readonly working_s: number;
  /** With the beam on the specimen. */
  readonly imaging_s: number;
  readonly waiting: readonly { readonly cause: string; readonly seconds: number; readonly share: number }[];
  readonly idle_s: number;
  readonly steps: number;
  readonly moves: number;
  /** Of the grids that are done: what they were expected to take, and took; null before one is. */
  readonly planned_s: number | null;
  readonly actual_s: number | null;
}

export interface Bar {
  readonly x: number;
  readonly width: number;
  /** the first span of the bar; `count` of them are drawn as one */
  readonly span: Span;
  readonly count: number;
  readonly bad: boolean;
}

export interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
}

export interface Tick {
  readonly x: number;
  readonly at_s: number;
}

/** What can be seen and pointed at. */
const LEAST_PX = 2;
const BAD = new Set(["failed", "lost", "unknown", "dead"]);
const STEPS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** Spans between two moments as lanes of bars `width` pixels long; lanes keep the order given. */
export function lanes(spans: readonly Span[], begin_s: number, end_s: number, width: number): Lane[] {
  const scale = width / Math.max(end_s - begin_s, 1e-9);
  const found = new Map<string, Bar[]>();
  for (const span of spans) {
    const until = Math.min(span.end_s ?? end_s, end_s);
    const from = Math.max(span.begin_s, begin_s);
    if (until < begin_s || from > end_s) continue;
    const bars = found.get(span.lane) ?? [];
    found.set(span.lane, bars);
    const bar: Bar = {
      x: (from - begin_s) * scale,
      width: Math.max(LEAST_PX, (until - from) * scale),
      span,
      count: 1,
      bad: BAD.has(span.state),
    };
    const last = bars.at(-1);
    if (last !== undefined && joins(last, bar)) bars[bars.length - 1] = joined(last, bar);
    else bars.push(bar);
  }
  return [...found].map(([name, bars]) => ({ name, bars }));
}

/** Tiny neighbours of one kind would be mud as single bars; trouble is never drawn over. */
function joins(last: Bar, next: Bar): boolean {
  const touching = next.x - (last.x + last.width) < 1;
  const tiny = next.width <= LEAST_PX || last.width / last.count <= LEAST_PX;
  return touching && tiny && last.bad === next.bad && last.span.what === next.span.what;
}

function joined(last: Bar, next: Bar): Bar {
  const right = Math.max(last.x + last.width, next.x + next.width);
  return { ...last, width: right - last.x, count: last.count + next.count };
}

/** Round moments at least `apart` pixels from one another. */
export function ticks(begin_s: number, end_s: number, width: number, apart = 90): Tick[] {
  const scale = width / Math.max(end_s - begin_s, 1e-9);
  const step = STEPS_S.find((seconds) => seconds * scale >= apart) ?? STEPS_S.at(-1)!;
  const found: Tick[] = [];
  for (let at_s = Math.ceil(begin_s / step) * step; at_s <= end_s; at_s += step) {
    found.push({ x: (at_s - begin_s) * scale, at_s });
  }
  return found;
}

const CAUSES: Record<string, string> = {
  analysis: "results of an analysis",
  person: "a person",
  pause: "the end of a pause",
  instrument: "the instrument",
  refill: "a refill of the dewars",
  vacuum: "the vacuum",
  storage: "storage",
  schedule: "its time",
  recovery: "recovery after an interruption",
  other: "something else",
};

/** What a bar was about: its square where there is one, else its grid; null for neither. */
export function opens(session: string, span: Span): Place | null {
  if (span.target !== "") return placeOf(session, span.target.split("-").slice(0, 2).join("-"));
  return span.grid === "" ? null : { page: "grid", session, grid: span.grid };
}

/** What was waited for, in words. */
export const causeWord = (cause: string): string => CAUSES[cause] ?? cause.replaceAll("_", " ");
