import { describe, expect, it } from "vitest";
import { advance, backoffMs, initial, moved, STALE_AFTER_MS, type Act, type Connection, type Happening, type ThinEvent } from "./connection";

const event = (seq: number, prev: number | null): ThinEvent => ({
  seq,
  prev,
  kind: "exposure.analysed",
  time: "2026-11-21T02:13:44Z",
  microscope: null,
  session: "s",
  grid: "g",
  subjects: [],
  count: 1,
  changeset: null,
  actor: { type: "service", name: "analysis" },
  what: "",
  reason: "",
});
const hello = (headSeq: number, logId = "a", oldestSeq = 1): Happening => ({ type: "hello", at: 0, logId, oldestSeq, headSeq });

function run(happenings: readonly Happening[], from: Connection = initial): { connection: Connection; acts: Act[] } {
  let connection = from;
  const acts: Act[] = [];
  for (const what of happenings) {
    const next = advance(connection, what, () => 0);
    connection = next.connection;
    acts.push(...next.acts);
  }
  return { connection, acts };
}

describe("the live connection", () => {
  it("is live after the first hello and rereads what was read before anyone listened", () => {
    const { connection, acts } = run([hello(40)]);
    expect(connection).toMatchObject({ phase: "live", seq: 40, logId: "a" });
    expect(acts).toEqual([{ type: "reread_older", seq: 40 }]);
  });

  it("delivers events in order and remembers the last one", () => {
    const { connection, acts } = run([hello(40), { type: "event", at: 5, event: event(41, null) }, { type: "event", at: 6, event: event(45, 41) }]);
    expect(connection).toMatchObject({ phase: "live", seq: 45, eventAt: 6 });
    expect(acts.filter((act) => act.type === "deliver")).toHaveLength(2);
  });

  it("notices a lost event by prev and asks for everything after the last one taken in", () => {
    const lost = run([hello(40), { type: "event", at: 1, event: event(41, null) }, { type: "event", at: 2, event: event(45, 43) }]);
    expect(lost.connection.phase).toBe("catching_up");
    expect(lost.acts.at(-1)).toEqual({ type: "fetch_after", seq: 41 });
    const filled = run([{ type: "caught_up", at: 3, events: [event(43, null), event(45, 43)], logId: "a", oldestSeq: 1, headSeq: 45 }], lost.connection);
    expect(filled.connection).toMatchObject({ phase: "live", seq: 45 });
    expect(filled.acts).toEqual([{ type: "deliver", events: [event(43, null), event(45, 43)] }]);
  });

  it("keeps its place while a gap is filled, though events go on arriving", () => {
    const { connection } = run([hello(40), { type: "event", at: 1, event: event(41, null) }, { type: "event", at: 2, event: event(45, 43) }, { type: "event", at: 3, event: event(46, 45) }]);
    expect(connection).toMatchObject({ phase: "catching_up", seq: 41, lastSent: 46 });
  });

  it("ignores an event it has seen", () => {
    const { acts } = run([hello(40), { type: "event", at: 1, event: event(39, null) }]);
    expect(acts.filter((act) => act.type === "deliver")).toEqual([]);
  });

  it("catches up after an interruption from where it was", () => {
    const { connection, acts } = run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(52)]);
    expect(connection.phase).toBe("catching_up");
    expect(acts.at(-1)).toEqual({ type: "fetch_after", seq: 40 });
  });

  it("does not catch up when nothing happened meanwhile", () => {
    expect(run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(40)]).connection.phase).toBe("live");
  });

  it("rereads everything when the log is another one", () => {
    const { connection, acts } = run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(7, "b")]);
    expect(connection).toMatchObject({ phase: "live", seq: 7, logId: "b" });
    expect(acts.at(-1)).toEqual({ type: "reread_all" });
  });

  it("rereads everything when its place is older than the log", () => {
    expect(run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(900, "a", 800)]).acts.at(-1)).toEqual({ type: "reread_all" });
  });

  it("rereads everything when the log changed while it caught up", () => {
    const behind = run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(52)]).connection;
    const { connection, acts } = run([{ type: "caught_up", at: 3, events: [], logId: "b", oldestSeq: 1, headSeq: 3 }], behind);
    expect(connection).toMatchObject({ phase: "live", seq: 3, logId: "b" });
    expect(acts).toEqual([{ type: "reread_all" }]);
  });

  it("takes the place the server gives with a resync", () => {
    const { connection, acts } = run([hello(40), { type: "resync", at: 1, logId: "b", headSeq: 3 }]);
    expect(connection).toMatchObject({ phase: "live", seq: 3, logId: "b" });
    expect(acts.at(-1)).toEqual({ type: "reread_all" });
  });

  it("says stale after 15 s of silence, and live again with the next heartbeat", () => {
    const quiet = run([hello(40), { type: "tick", at: STALE_AFTER_MS }]);
    expect(quiet.connection.phase).toBe("live");
    const stale = run([{ type: "tick", at: STALE_AFTER_MS + 1 }], quiet.connection);
    expect(stale.connection.phase).toBe("stale");
    expect(run([{ type: "heartbeat", at: 16_000, headSeq: 60 }], stale.connection).connection).toMatchObject({ phase: "live", seq: 40 });
  });

  it("asks again what failed once the server is heard after a silence, and not at the first hello", () => {
    const stale = run([hello(40), { type: "tick", at: 16_000 }]);
    expect(stale.acts).not.toContainEqual({ type: "retry_failed" });
    expect(run([{ type: "heartbeat", at: 17_000, headSeq: 40 }], stale.connection).acts).toEqual([{ type: "retry_failed" }]);
    expect(run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(52)]).acts).toContainEqual({ type: "retry_failed" });
  });

  it("gives up a connection that stays silent and opens another", () => {
    const { connection, acts } = run([hello(40), { type: "tick", at: 20_000 }, { type: "tick", at: 41_000 }]);
    expect(connection.phase).toBe("offline");
    expect(acts.slice(-2)).toEqual([{ type: "close" }, { type: "reconnect_after", ms: 500 }]);
  });

  it("tries anew where an attempt is neither answered nor refused", () => {
    const hung = run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 1_000 }, { type: "tick", at: 8_900 }]);
    expect(hung.connection.phase).toBe("connecting");
    const { connection, acts } = run([{ type: "tick", at: 9_100 }], hung.connection);
    expect(connection).toMatchObject({ phase: "offline", seq: 40, failures: 2 });
    expect(acts).toEqual([{ type: "close" }, { type: "reconnect_after", ms: 1_000 }]);
  });

  it("gives its first attempt as long", () => {
    expect(run([{ type: "tick", at: 50_000 }, { type: "tick", at: 58_000 }]).connection.phase).toBe("connecting");
    expect(run([{ type: "tick", at: 50_000 }, { type: "tick", at: 58_100 }]).connection.phase).toBe("offline");
  });

  it("keeps to the WebSocket where one has worked, however long the server is away", () => {
    const failing: Happening[] = [{ type: "closed", at: 0 }, { type: "retry", at: 1 }];
    expect(run([hello(40), ...failing, ...failing, ...failing, ...failing]).connection.door).toBe("websocket");
  });

  it("goes on by a stream when a WebSocket never opens, and by long polling when that does not either", () => {
    const failing: Happening[] = [{ type: "closed", at: 0 }, { type: "retry", at: 1 }];
    const thrice = [...failing, ...failing, ...failing];
    expect(run(thrice).connection.door).toBe("stream");
    expect(run([...thrice, ...thrice]).connection.door).toBe("poll");
    expect(run([...thrice, ...thrice, ...thrice]).connection.door).toBe("poll");
    expect(run([...thrice, hello(40), ...thrice]).connection.door).toBe("stream");
  });

  it("counts a failed catch-up as a broken stream", () => {
    const behind = run([hello(40), { type: "closed", at: 1 }, { type: "retry", at: 2 }, hello(52)]).connection;
    expect(run([{ type: "catch_up_failed", at: 3 }], behind).connection).toMatchObject({ phase: "offline", seq: 40 });
  });

  it("hears nothing from a stream it has left", () => {
    const offline = run([hello(40), { type: "closed", at: 1 }]).connection;
    expect(run([{ type: "event", at: 2, event: event(41, null) }, { type: "heartbeat", at: 2, headSeq: 41 }, { type: "closed", at: 3 }], offline).connection).toEqual(offline);
    expect(run([{ type: "caught_up", at: 2, events: [], logId: "a", oldestSeq: 1, headSeq: 41 }], offline).connection).toEqual(offline);
  });

  it("retries only when it is offline", () => {
    const live = run([hello(40)]).connection;
    expect(run([{ type: "retry", at: 1 }], live)).toEqual({ connection: live, acts: [] });
  });

  it("throws on a move the table does not hold", () => {
    expect(() => moved("offline", "live")).toThrow("offline and cannot become live");
  });

  it("waits 0.5 s, then twice as long each time up to 15 s, shortened by chance", () => {
    expect([1, 2, 3, 4, 5, 6, 20].map((failures) => backoffMs(failures, () => 0))).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000]);
    expect(backoffMs(3, () => 1)).toBe(1000);
  });
});
