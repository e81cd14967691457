import { expect, it } from "vitest";
import { incidentsOf } from "./incidents";
import type { Span, Timeline } from "./timeline";

const span = (lane: string, what: string, begin_s: number, end_s: number | null, state = "done"): Span => ({ lane, what, begin_s, end_s, state, grid: "", target: "" });
const night = (...spans: Span[]): Timeline => ({ begin_s: 0, end_s: 9000, live: true, spans, working_s: 0, imaging_s: 0, waiting: [], idle_s: 0, steps: 0, moves: 0, planned_s: null, actual_s: null });

it("long waits and failed steps are numbered as they came, short waits are not", () => {
  const found = incidentsOf(night(span("waiting", "refill", 5000, null), span("hole", "expose", 900, 950, "failed"), span("waiting", "analysis", 100, 300), span("hole", "expose", 10, 90)));
  expect(found.map((one) => [one.number, one.begin_s, one.end_s, one.bad])).toEqual([
    [1, 900, 950, true],
    [2, 5000, 9000, false],
  ]);
  expect(found[0]!.words).toContain("failed");
  expect(found[1]!.words).toMatch(/^waiting for /);
  expect(incidentsOf(null)).toEqual([]);
});
