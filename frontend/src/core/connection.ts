/* The live connection as a table: where it may go from each state, and what to do on the way.

   connecting -> live -> catching up -> live
   live, catching up -> stale (no heartbeat for 15 s) -> live | offline
   any -> offline (the stream broke) -> connecting (after a growing pause)
   connecting -> offline (no hello within 8 s)

   Pure: `advance` takes a state and what happened, and returns the next state and the acts the
   driver must perform. Events carry only ids; a page refetches what it shows, so a lost event
   costs time and never truth. */

export type Phase = "connecting" | "live" | "catching_up" | "stale" | "offline";

const MOVES: Record<Phase, readonly Phase[]> = {
  connecting: ["live", "catching_up", "offline"],
  live: ["catching_up", "stale", "offline"],
  catching_up: ["live", "stale", "offline"],
  stale: ["live", "catching_up", "offline"],
  offline: ["connecting"],
};

export const STALE_AFTER_MS = 15_000;
export const GIVE_UP_AFTER_MS = 40_000;
/** A network that swallows everything refuses nothing: an attempt ends by itself. */
export const TRY_FOR_MS = 8_000;

export interface ThinEvent {
  seq: number;
  prev: number | null;
  kind: string;
  time: string;
  microscope: string | null;
  session: string | null;
  grid: string | null;
  subjects: string[];
  count: number;
  changeset: string | null;
  actor: { type: string; name: string };
  /** The one word that the kind leaves open: which command, which step; "" for none. */
  what: string;
  reason: string;
}

export const DOORS = ["websocket", "stream", "poll"] as const;
export type Door = (typeof DOORS)[number];
/** So often a door is tried that never opens. */
const TRIES = 3;

export interface Connection {
  readonly phase: Phase;
  /** Last event taken in; null before the first hello. */
  readonly seq: number | null;
  readonly logId: string | null;
  /** The last `seq` sent on this subscription, to compare with the next event's `prev`. */
  readonly lastSent: number | null;
  /** When anything was last heard from the server, and when it last told of an event (ms). */
  readonly heardAt: number | null;
  readonly eventAt: number | null;
  readonly failures: number;
  /** When the attempt to connect began that has no answer yet (ms). */
  readonly triedAt: number | null;
  /** Where no WebSocket ever said hello it is replaced by server-sent events, then by long polling. */
  readonly door: Door;
}

export type Happening =
  | { type: "hello"; at: number; logId: string; oldestSeq: number; headSeq: number }
  | { type: "event"; at: number; event: ThinEvent }
  | { type: "heartbeat"; at: number; headSeq: number }
  | { type: "caught_up"; at: number; events: readonly ThinEvent[]; logId: string; oldestSeq: number; headSeq: number }
  | { type: "catch_up_failed"; at: number }
  | { type: "resync"; at: number; logId: string; headSeq: number }
  | { type: "closed"; at: number }
  | { type: "tick"; at: number }
  | { type: "retry"; at: number };

export type Act =
  | { type: "deliver"; events: readonly ThinEvent[] }
  | { type: "fetch_after"; seq: number }
  /** Drop what was derived and reread every snapshot: the position means nothing any more. */
  | { type: "reread_all" }
  /** Snapshots from before this event were read while nobody listened. */
  | { type: "reread_older"; seq: number }
  /** The server is heard again: what it did not answer meanwhile is asked once more. */
  | { type: "retry_failed" }
  | { type: "reconnect_after"; ms: number }
  | { type: "open" }
  | { type: "close" };

export interface Advance {
  readonly connection: Connection;
  readonly acts: readonly Act[];
}

export const initial: Connection = {
  phase: "connecting",
  seq: null,
  logId: null,
  lastSent: null,
  heardAt: null,
  eventAt: null,
  failures: 0,
  triedAt: null,
  door: "websocket",
};

/** `to`, if the table allows it; an illegal move is a defect and throws. */
export function moved(from: Phase, to: Phase): Phase {
  if (from === to) return to;
  if (!MOVES[from].includes(to)) throw new Error(`The connection is ${from} and cannot become ${to}.`);
  return to;
}

/** 0.5 s, doubling to 15 s, less up to a half so that pages do not return all at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(500 * 2 ** Math.max(0, failures - 1), 15_000);
  return Math.round(full * (1 - random() / 2));
}

export function advance(now: Connection, what: Happening, random: () => number = Math.random): Advance {
  const next = reacted(now, what, random);
  const back = !inTouch(now.phase) && inTouch(next.connection.phase) && now.seq !== null;
  return back ? { ...next, acts: [{ type: "retry_failed" }, ...next.acts] } : next;
}

const inTouch = (phase: Phase): boolean => phase === "live" || phase === "catching_up";

function reacted(now: Connection, what: Happening, random: () => number): Advance {
  switch (what.type) {
    case "hello":
      return hello(now, what);
    case "event":
      return event(now, what.event, what.at);
    case "heartbeat":
      return heartbeat(now, what.at);
    case "caught_up":
      return caughtUp(now, what);
    case "catch_up_failed":
      return broken(now, random);
    case "resync":
      return resync(now, what);
    case "closed":
      return broken(now, random);
    case "tick":
      return tick(now, what.at, random);
    case "retry":
      return now.phase === "offline"
        ? { connection: { ...now, phase: moved(now.phase, "connecting"), triedAt: what.at }, acts: [{ type: "open" }] }
        : { connection: now, acts: [] };
  }
}

function hello(now: Connection, told: Extract<Happening, { type: "hello" }>): Advance {
  const heard = { ...now, heardAt: told.at, failures: 0, triedAt: null, lastSent: null };
  const first = now.seq === null;
  const foreign = now.logId !== null && now.logId !== told.logId;
  const tooOld = now.seq !== null && now.seq + 1 < told.oldestSeq;
  if (first || foreign || tooOld) {
    const connection: Connection = { ...heard, phase: moved(now.phase, "live"), seq: told.headSeq, logId: told.logId };
    return { connection, acts: [first ? { type: "reread_older", seq: told.headSeq } : { type: "reread_all" }] };
  }
  return behindOrLive({ ...heard, logId: told.logId }, told.headSeq);
}

function event(now: Connection, told: ThinEvent, at: number): Advance {
  if (now.phase === "offline") return { connection: now, acts: [] };
  const seq = now.seq ?? 0;
  const gap = told.prev !== null && now.lastSent !== null && told.prev !== now.lastSent;
  const heard = { ...now, heardAt: at, eventAt: at, lastSent: told.seq };
  if (gap && now.phase !== "catching_up") {
    return { connection: { ...heard, phase: moved(now.phase, "catching_up") }, acts: [{ type: "fetch_after", seq }] };
  }
  if (told.seq <= seq) return { connection: heard, acts: [] };
  // While a gap is being filled the position stays: the answer will hold this event too.
  if (now.phase === "catching_up") return { connection: heard, acts: [{ type: "deliver", events: [told] }] };
  return {
    connection: { ...heard, phase: moved(now.phase, "live"), seq: told.seq },
    acts: [{ type: "deliver", events: [told] }],
  };
}

function heartbeat(now: Connection, at: number): Advance {
  if (now.phase === "offline") return { connection: now, acts: [] };
  const heard = { ...now, heardAt: at };
  if (now.phase === "catching_up") return { connection: heard, acts: [] };
  // The position stays: a gap is filled from the last event taken in, not from the head.
  return { connection: { ...heard, phase: moved(now.phase, "live") }, acts: [] };
}

function behindOrLive(now: Connection, headSeq: number): Advance {
  const seq = now.seq ?? headSeq;
  if (headSeq > seq) {
    return { connection: { ...now, phase: moved(now.phase, "catching_up") }, acts: [{ type: "fetch_after", seq }] };
  }
  return { connection: { ...now, phase: moved(now.phase, "live") }, acts: [] };
}

function caughtUp(now: Connection, told: Extract<Happening, { type: "caught_up" }>): Advance {
  if (now.phase !== "catching_up") return { connection: now, acts: [] };
  if ((now.logId !== null && told.logId !== now.logId) || (now.seq !== null && now.seq + 1 < told.oldestSeq)) {
    const connection: Connection = { ...now, phase: "live", heardAt: told.at, seq: told.headSeq, logId: told.logId };
    return { connection, acts: [{ type: "reread_all" }] };
  }
  const events = told.events.filter((one) => one.seq > (now.seq ?? 0));
  const seq = events.reduce((most, one) => Math.max(most, one.seq), Math.max(now.seq ?? 0, now.lastSent ?? 0));
  const connection: Connection = {
    ...now,
    phase: moved(now.phase, "live"),
    heardAt: told.at,
    eventAt: events.length > 0 ? told.at : now.eventAt,
    seq,
  };
  return { connection, acts: events.length > 0 ? [{ type: "deliver", events }] : [] };
}

function resync(now: Connection, told: Extract<Happening, { type: "resync" }>): Advance {
  const phase = now.phase === "offline" ? "offline" : moved(now.phase, "live");
  const connection: Connection = { ...now, phase, heardAt: told.at, seq: told.headSeq, logId: told.logId, lastSent: null };
  return { connection, acts: [{ type: "reread_all" }] };
}

function broken(now: Connection, random: () => number): Advance {
  if (now.phase === "offline") return { connection: now, acts: [] };
  const failures = now.failures + 1;
  const neverOpened = now.phase === "connecting" && now.logId === null && failures % TRIES === 0;
  const door = neverOpened ? (DOORS[DOORS.indexOf(now.door) + 1] ?? now.door) : now.door;
  const connection: Connection = {
    ...now,
    phase: moved(now.phase, "offline"),
    failures,
    triedAt: null,
    door,
  };
  return { connection, acts: [{ type: "close" }, { type: "reconnect_after", ms: backoffMs(failures, random) }] };
}

function tick(now: Connection, at: number, random: () => number): Advance {
  if (now.phase === "connecting") {
    const triedAt = now.triedAt ?? at;
    return at - triedAt > TRY_FOR_MS ? broken(now, random) : { connection: { ...now, triedAt }, acts: [] };
  }
  const silent = now.heardAt === null ? 0 : at - now.heardAt;
  if (now.phase === "stale" && silent > GIVE_UP_AFTER_MS) return broken(now, random);
  if ((now.phase === "live" || now.phase === "catching_up") && silent > STALE_AFTER_MS) {
    return { connection: { ...now, phase: moved(now.phase, "stale") }, acts: [] };
  }
  return { connection: now, acts: [] };
}
