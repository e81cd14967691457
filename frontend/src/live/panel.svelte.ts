/* What a panel shows and how fresh it is: read once, then again whenever an event concerns it. */

import { onDestroy } from "svelte";
import { ApiProblem } from "../api/client";
import type { ThinEvent } from "../core/connection";
import { Refetcher } from "../core/refetch";
import { live } from "./connection.svelte";

export interface Shown<Value> {
  readonly value: Value;
  readonly asOf: number | null;
}

export class Panel<Value> {
  shown = $state.raw<Shown<Value> | null>(null);
  problem = $state.raw<ApiProblem | null>(null);
  readAt = $state<number | null>(null);
  private readonly refetcher: Refetcher;
  /** What is shown may be of another log: the next read does not build upon it. */
  private anew = false;

  constructor(
    private readonly read: (before: Shown<Value> | null) => Promise<Shown<Value>>,
    private readonly concerns: (event: ThinEvent) => boolean,
  ) {
    this.refetcher = new Refetcher(() => this.readOnce());
    onDestroy(
      live.listen({
        events: (events) => {
          if (events.some((event) => this.concerns(event))) this.refetcher.nudge();
        },
        reread: (anew) => {
          this.anew ||= anew;
          this.refetcher.nudge();
        },
        retryFailed: () => {
          if (this.problem !== null && isPassing(this.problem)) this.refetcher.nudge();
        },
        asOf: () => this.shown?.asOf ?? null,
      }),
    );
    onDestroy(() => this.refetcher.end());
    void this.refetcher.now();
  }

  get value(): Value | null {
    return this.shown?.value ?? null;
  }

  /** The connection cannot vouch for what is shown. */
  get stale(): boolean {
    const { phase } = live.connection;
    return this.shown !== null && (this.problem !== null || phase === "stale" || phase === "offline");
  }

  retry(): void {
    void this.refetcher.now();
  }

  /** Show a change at once, before the server's answer; the next read has the last word. */
  pretend(change: (value: Value) => Value): void {
    if (this.shown !== null) this.shown = { ...this.shown, value: change(this.shown.value) };
  }

  private async readOnce(): Promise<boolean> {
    const { anew } = this;
    this.anew = false;
    try {
      this.shown = await this.read(anew ? null : this.shown);
      this.problem = null;
      this.readAt = Date.now();
      return true;
    } catch (problem) {
      this.anew ||= anew;
      if (!(problem instanceof ApiProblem)) throw problem;
      this.problem = problem;
      if (problem.status === 401) location.reload();
      // without a connection its return asks again
      const { phase } = live.connection;
      return !isPassing(problem) || phase === "offline" || phase === "stale";
    }
  }
}

/** Nothing is wrong with what was asked: the same may well be answered later. */
const isPassing = (problem: ApiProblem): boolean => problem.code === "unreachable" || problem.status >= 500 || problem.status === 429;

const kindOf = (event: ThinEvent): string => event.kind.split(".")[0]!;

/** Events of these resources, in this grid or session when one is named. */
export function about(resources: readonly string[], where: { session?: string | undefined; grid?: string | undefined } = {}): (event: ThinEvent) => boolean {
  return (event) =>
    resources.includes(kindOf(event)) &&
    (where.session === undefined || event.session === null || event.session === where.session) &&
    (where.grid === undefined || event.grid === null || event.grid === where.grid);
}

/** A page of a list. */
export async function listed<Row>(answer: Promise<{ results: Row[]; as_of_seq: number }>): Promise<Shown<Row[]>> {
  const { results, as_of_seq } = await answer;
  return { value: results, asOf: as_of_seq };
}

/** A single object; it may carry `as_of_seq` beside its own fields. */
export async function single<Value extends object>(answer: Promise<Value>): Promise<Shown<Value>> {
  const value = await answer;
  return { value, asOf: (value as { as_of_seq?: number }).as_of_seq ?? null };
}
