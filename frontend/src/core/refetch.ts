/* When a panel reads again: events are merged for a while, and one read is in flight at a time.

   Four busy panels then stay within the request budget, however many events a night brings. A read
   that found nobody is made again by itself, after a pause that grows: no event may ever come. */

export const MERGE_MS = 500;
const AGAIN_AFTER_MS = 2_000;
const AGAIN_AT_MOST_AFTER_MS = 30_000;

export interface Timers {
  set(act: () => void, ms: number): unknown;
  clear(handle: unknown): void;
}

const BROWSER_TIMERS: Timers = {
  set: (act, ms) => setTimeout(act, ms),
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

export class Refetcher {
  private waiting: unknown = null;
  private reading = false;
  private again = false;
  private ended = false;
  private unanswered = 0;
  private retrying: unknown = null;

  constructor(
    /** Whether it was answered; what was not is asked again. */
    private readonly read: () => Promise<boolean>,
    private readonly timers: Timers = BROWSER_TIMERS,
    private readonly mergeMs: number = MERGE_MS,
  ) {}

  /** Something changed: read once, a little later, together with whatever else changes meanwhile. */
  nudge(): void {
    if (this.ended) return;
    if (this.reading) {
      this.again = true;
    } else if (this.waiting === null) {
      this.waiting = this.timers.set(() => void this.now(), this.mergeMs);
    }
  }

  /** Read at once; while one is in flight the next begins when it has ended. */
  async now(): Promise<void> {
    if (this.ended) return;
    if (this.waiting !== null) this.timers.clear(this.waiting);
    this.waiting = null;
    if (this.reading) {
      this.again = true;
      return;
    }
    this.forgetRetry();
    this.reading = true;
    try {
      this.unanswered = (await this.read()) ? 0 : this.unanswered + 1;
      if (this.unanswered > 0 && !this.ended) {
        const pause = Math.min(AGAIN_AFTER_MS * 2 ** (this.unanswered - 1), AGAIN_AT_MOST_AFTER_MS);
        this.retrying = this.timers.set(() => void this.now(), pause);
      }
    } finally {
      this.reading = false;
      if (this.again) {
        this.again = false;
        this.nudge();
      }
    }
  }

  end(): void {
    this.ended = true;
    if (this.waiting !== null) this.timers.clear(this.waiting);
    this.waiting = null;
    this.forgetRetry();
  }

  private forgetRetry(): void {
    if (this.retrying !== null) this.timers.clear(this.retrying);
    this.retrying = null;
  }
}
