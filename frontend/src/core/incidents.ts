/* What interrupted a night, in the order it came: long waits with their cause, and steps that failed. */

import { causeWord, type Span, type Timeline } from "./timeline";
import { stepWords } from "./words";

export interface Incident {
  readonly number: number;
  readonly begin_s: number;
  readonly end_s: number;
  readonly words: string;
  readonly bad: boolean;
}

/** Shorter waits are part of the work. */
const LONG_WAIT_S = 300;
const FAILED = new Set(["failed", "lost", "unknown"]);

/** Numbered from 1, as plots and their list name them; what lasts still ends with the timeline. */
export function incidentsOf(timeline: Timeline | null): Incident[] {
  if (timeline === null) return [];
  const until = timeline.end_s ?? Math.max(0, ...timeline.spans.map((span) => span.end_s ?? span.begin_s));
  return timeline.spans
    .filter((span) => isIncident(span, until))
    .sort((a, b) => a.begin_s - b.begin_s)
    .map((span, at) => ({
      number: at + 1,
      begin_s: span.begin_s,
      end_s: span.end_s ?? until,
      words: span.lane === "waiting" ? `waiting for ${causeWord(span.what)}` : `${stepWords(span.what)}: ${span.state}`,
      bad: span.lane !== "waiting",
    }));
}

const isIncident = (span: Span, until: number): boolean => (span.lane === "waiting" ? (span.end_s ?? until) - span.begin_s > LONG_WAIT_S : FAILED.has(span.state));
