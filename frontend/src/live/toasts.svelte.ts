/* Short notes after an act, with Undo where there is a changeset; they wait while somebody reads. */

import { ApiProblem, post } from "../api/client";
import type { BulkAnswer } from "../api/answerTypes";
import { undone } from "../core/words";

const STAYS_MS = 10_000;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "calm" | "bad";
  readonly changeset: string | null;
}

class Toasts {
  shown = $state.raw<readonly Toast[]>([]);
  /** Your own latest edit: Ctrl-Z takes it back. */
  lastChangeset: string | null = null;
  private next = 1;
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, changeset: string | null = null): void {
    if (changeset !== null) this.lastChangeset = changeset;
    this.add({ id: this.next++, text, tone: "calm", changeset });
  }

  fail(problem: unknown): void {
    const told = problem instanceof ApiProblem;
    const request = told && problem.requestId !== null ? ` (request ${problem.requestId})` : "";
    const text = told ? problem.message : "This page failed at that act; load it again.";
    this.add({ id: this.next++, text: `${text}${request}`, tone: "bad", changeset: null });
    if (!told) throw problem;
  }

  close(id: number): void {
    this.hold(id);
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  hold(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }

  release(id: number): void {
    this.timers.set(
      id,
      setTimeout(() => this.close(id), STAYS_MS),
    );
  }

  /** Takes a changeset back; taking back a taking back is said as `done`: "redone". */
  async undo(changeset: string, done = "restored"): Promise<void> {
    for (const toast of this.shown) if (toast.changeset === changeset) this.close(toast.id);
    if (this.lastChangeset === changeset) this.lastChangeset = null;
    try {
      const answer = await post<BulkAnswer>(`changesets/${changeset}/revert`);
      const text = undone(answer.changed, answer.skipped, done);
      this.say(answer.advice === "" ? text : `${text}. ${answer.advice}`, answer.changeset);
    } catch (problem) {
      this.fail(problem);
    }
  }

  private add(toast: Toast): void {
    this.shown = [...this.shown.slice(-3), toast];
    this.release(toast.id);
  }
}

export const toasts = new Toasts();
