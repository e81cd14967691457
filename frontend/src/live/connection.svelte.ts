/* Drives the connection of `core/connection`: opens the WebSocket, else a stream, or polls where neither opens. */

import { address, get, longPoll } from "../api/client";
import type { EventsAnswer } from "../api/eventTypes";
import { advance, initial, type Act, type Connection, type Happening, type ThinEvent } from "../core/connection";

export interface Listener {
  /** Events came in; a panel decides which concern it. */
  events(events: readonly ThinEvent[]): void;
  /** Read again whatever happened; `anew`: what was derived before means nothing any more. */
  reread(anew: boolean): void;
  /** The server answers again: read once more what it did not answer. */
  retryFailed?(): void;
  /** The `as_of_seq` of what is shown, when it is known. */
  asOf(): number | null;
}

type Frame =
  | { type: "hello"; log_id: string; oldest_seq: number; head_seq: number }
  | { type: "heartbeat"; head_seq: number }
  | { type: "resync"; log_id: string; oldest_seq: number; head_seq: number }
  | ({ type?: "event" } & ThinEvent);

const MOST_UNSEEN = 500;

const now = (): number => Date.now();

class Live {
  connection = $state.raw<Connection>(initial);
  /** Ticks once a second, so that every age on the page counts on. */
  at = $state(now());
  /** When the newest event happened, by the server's clock (ms). */
  lastEventAt = $state<number | null>(null);
  private readonly listeners = new Set<Listener>();
  private socket: WebSocket | null = null;
  /** What came while the page was hidden; beyond `MOST_UNSEEN` it is only known that much did. */
  private readonly unseen: ThinEvent[] = [];
  private stream: EventSource | null = null;
  private poll: AbortController | null = null;

  start(): void {
    setInterval(() => {
      this.at = now();
      this.happen({ type: "tick", at: this.at });
    }, 1000);
    this.open();
    document.addEventListener("visibilitychange", () => this.seenAgain());
    addEventListener("online", () => this.happen({ type: "retry", at: now() }));
    addEventListener("offline", () => this.happen({ type: "closed", at: now() }));
  }

  /* Nobody looks at a hidden page: it hears the heartbeat, and reads once when it is looked at again. */
  private seenAgain(): void {
    if (document.visibilityState === "hidden" || this.unseen.length === 0) return;
    const events = this.unseen.splice(0);
    for (const listener of this.listeners) {
      if (events.length > MOST_UNSEEN) listener.reread(false);
      else listener.events(events);
    }
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private happen(what: Happening): void {
    const next = advance(this.connection, what);
    this.connection = next.connection;
    if (what.type === "event") this.lastEventAt = Date.parse(what.event.time);
    for (const act of next.acts) this.act(act);
  }

  private act(act: Act): void {
    switch (act.type) {
      case "deliver":
        if (document.visibilityState === "hidden") {
          this.unseen.push(...act.events);
          this.unseen.splice(0, this.unseen.length - MOST_UNSEEN - 1);
        } else for (const listener of this.listeners) listener.events(act.events);
        return;
      case "reread_all":
        for (const listener of this.listeners) listener.reread(true);
        return;
      case "reread_older":
        for (const listener of this.listeners) if ((listener.asOf() ?? 0) < act.seq) listener.reread(false);
        void this.ageOfLog(act.seq);
        return;
      case "retry_failed":
        for (const listener of this.listeners) listener.retryFailed?.();
        return;
      case "fetch_after":
        void this.catchUp(act.seq);
        return;
      case "open":
        this.open();
        return;
      case "close":
        this.close();
        return;
      case "reconnect_after":
        setTimeout(() => this.happen({ type: "retry", at: now() }), act.ms);
    }
  }

  private open(): void {
    this.close();
    const { door } = this.connection;
    if (door === "poll") void this.pollForEver();
    else if (door === "stream") this.openStream();
    else this.openSocket();
  }

  private openStream(): void {
    const { seq, logId } = this.connection;
    const stream = new EventSource(address("events/stream", seq === null || logId === null ? {} : { after: seq, log_id: logId }));
    this.stream = stream;
    for (const type of ["hello", "heartbeat", "resync", "event"] as const) {
      stream.addEventListener(type, (message) => {
        if (this.stream === stream) this.frame({ ...(JSON.parse(String(message.data)) as object), type } as Frame);
      });
    }
    // it would begin again by itself, at its own pace and from its own place
    stream.onerror = () => {
      stream.close();
      if (this.stream === stream) this.happen({ type: "closed", at: now() });
    };
  }

  private openSocket(): void {
    const url = new URL(document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.pathname += "ws/v1/events";
    const { seq, logId } = this.connection;
    url.search = seq === null || logId === null ? "" : `?after=${seq}&log_id=${logId}`;
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = (message) => {
      if (this.socket === socket) this.frame(JSON.parse(String(message.data)) as Frame);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.happen({ type: "closed", at: now() });
    };
  }

  private frame(frame: Frame): void {
    const at = now();
    if (frame.type === "hello") {
      this.happen({ type: "hello", at, logId: frame.log_id, oldestSeq: frame.oldest_seq, headSeq: frame.head_seq });
    } else if (frame.type === "heartbeat") {
      this.happen({ type: "heartbeat", at, headSeq: frame.head_seq });
    } else if (frame.type === "resync") {
      this.happen({ type: "resync", at, logId: frame.log_id, headSeq: frame.head_seq });
    } else if ("seq" in frame) {
      this.happen({ type: "event", at, event: frame });
    }
  }

  private close(): void {
    const { socket, stream, poll } = this;
    this.socket = null;
    this.stream = null;
    this.poll = null;
    socket?.close();
    stream?.close();
    poll?.abort();
  }

  /* A page that was just opened knows no event yet, but the log's newest one has an age. */
  private async ageOfLog(headSeq: number): Promise<void> {
    if (headSeq < 1 || this.lastEventAt !== null) return;
    const told = await get<EventsAnswer>("events", { after: headSeq - 1 }).catch(() => null);
    const newest = told?.results.at(-1);
    if (newest !== undefined) this.lastEventAt ??= Date.parse(newest.time);
  }

  private async catchUp(seq: number): Promise<void> {
    try {
      let told = await get<EventsAnswer & { more: boolean }>("events", { after: seq });
      const events = [...told.results];
      while (told.more) {
        told = await get<EventsAnswer & { more: boolean }>("events", { after: told.results.at(-1)?.seq });
        events.push(...told.results);
      }
      this.happen({
        type: "caught_up",
        at: now(),
        events,
        logId: told.log_id,
        oldestSeq: told.oldest_seq,
        headSeq: told.head_seq,
      });
    } catch {
      this.happen({ type: "catch_up_failed", at: now() });
    }
  }

  private async pollForEver(): Promise<void> {
    const poll = new AbortController();
    this.poll = poll;
    let first = true;
    while (this.poll === poll) {
      try {
        const after = this.connection.seq;
        const told = await longPoll<EventsAnswer>("events", { after: after ?? undefined, wait: first ? 0 : 10 }, poll.signal);
        if (this.poll !== poll) return;
        this.polled(told, first && after === null);
        first = false;
      } catch {
        if (this.poll === poll) this.happen({ type: "closed", at: now() });
        return;
      }
    }
  }

  /* Each answer says hello; a page that knows its place takes the events as if they were streamed. */
  private polled(told: EventsAnswer, fresh: boolean): void {
    const at = now();
    const { logId, phase } = this.connection;
    if (fresh || phase === "connecting" || (logId !== null && logId !== told.log_id)) {
      this.happen({ type: "hello", at, logId: told.log_id, oldestSeq: told.oldest_seq, headSeq: told.head_seq });
      return;
    }
    for (const event of told.results) this.happen({ type: "event", at, event: { ...event, prev: null } });
    this.happen({ type: "heartbeat", at, headSeq: told.head_seq });
  }
}

export const live = new Live();
