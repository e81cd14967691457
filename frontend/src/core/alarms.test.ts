import { describe, expect, it } from "vitest";
import type { Me } from "../api/peopleTypes";
import type { Session } from "../api/sessionTypes";
import { type Alarm, type Delivery, guardWords, inOrder, type Ladder, mayAnswer, pressing, reachesPeople, rungWords, standing, told } from "./alarms";

const N = "\u202f";
const clock = (at: string): string => at.slice(11, 16);
const alarm = (changes: Partial<Alarm> = {}): Alarm => ({
  id: "a", key: "k", level: "MAJOR", state: "raised", microscope: "m", microscope_name: "Titan", simulated: false, session: null, text: "It is wrong.",
  advice: "Look.", raised_at: "2026-11-21T02:00:00Z", raised_by: null, cleared_at: null, acknowledged_at: null, acknowledged_by: null, shelved: false, shelved_until: null,
  shelved_by: null, shelf_reason: "", round: 1, deliveries: [], ...changes,
});
const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  id: "d", round: 1, duty: "operator", recipient: "ito", channel: "mail", state: "sent", attempts: 1, sent_at: "2026-11-21T02:10:03Z", answer: "", ...changes,
});

describe("alarms", () => {
  it("stand with what presses most on top", () => {
    const rows = [
      alarm({ id: "seen", state: "acknowledged", level: "INVALID" }),
      alarm({ id: "over", state: "cleared" }),
      alarm({ id: "minor", level: "MINOR" }),
      alarm({ id: "older" }),
      alarm({ id: "newer", raised_at: "2026-11-21T03:00:00Z" }),
      alarm({ id: "aside", shelved: true }),
      alarm({ id: "silent", level: "INVALID" }),
    ];
    expect(inOrder(rows).map((one) => one.id)).toEqual(["silent", "newer", "older", "minor", "over", "seen", "aside"]);
    expect(pressing(rows)).toEqual({ count: 5, worst: "INVALID" });
    expect(pressing([alarm({ state: "acknowledged" })])).toEqual({ count: 0, worst: null });
  });

  it("say for how long and who has seen them", () => {
    const now = Date.parse("2026-11-21T02:12:05Z");
    expect(standing(alarm(), now, clock)).toBe(`for 12${N}min 05${N}s; nobody has acknowledged it`);
    expect(standing(alarm({ state: "acknowledged", acknowledged_by: "ito", acknowledged_at: "2026-11-21T02:11:00Z" }), now, clock)).toContain("ito has seen it at 02:11");
    expect(standing(alarm({ state: "cleared", cleared_at: "2026-11-21T02:05:00Z" }), now, clock)).toBe("over since 02:05; it stays until somebody has seen it");
    expect(standing(alarm({ state: "closed", acknowledged_by: "ito" }), now, clock)).toBe("over; seen by ito");
  });

  it("say who was told, and why somebody was not", () => {
    expect(told(delivery(), clock)).toBe("ito by mail was told at 02:10");
    expect(told(delivery({ state: "failed", sent_at: null, answer: "no such person" }), clock)).toBe("ito by mail could not be told: no such person");
  });

  it("say honestly when nobody can be told", () => {
    const rung = { duty: "on_call", after_minutes: 20, channels: [] };
    expect(rungWords(rung, true)).toBe(`after 20${N}min the person on call, but no way to tell them is set up`);
    expect(rungWords({ duty: "operator", after_minutes: 10, channels: ["json example.org"] }, true)).toBe(`after 10${N}min the operators, by mail and json example.org`);
    expect(rungWords({ duty: "user", after_minutes: 0, channels: [] }, true)).toBe("at once whoever started the run, by mail");
    const none: Ladder = { mail: false, may_test: true, rungs: [rung] };
    expect([reachesPeople(none), reachesPeople({ ...none, mail: true })]).toEqual([false, true]);
  });

  it("say what guards the column, and are silent where nothing has to", () => {
    expect(guardWords("", true)).toBeNull();
    expect(guardWords("", false)).toEqual({ word: "none is set up", bad: true });
    expect(guardWords("armed", false)).toEqual({ word: "armed", bad: false });
    expect(guardWords("absent", true)).toEqual({ word: "does not answer", bad: true });
  });

  it("are answered by those whom the server lets", () => {
    const me = (changes: Partial<Me>): Me => ({ id: "1", username: "x", name: "x", staff: false, admin: false, groups: [], microscopes: [], ...changes });
    const sessions = [{ id: "s", group: "ours" } as Session];
    const ours = alarm({ session: "s" });
    expect(mayAnswer(ours, me({ groups: [{ name: "ours", role: "member" }] }), sessions)).toBe(true);
    expect(mayAnswer(ours, me({ groups: [{ name: "ours", role: "viewer" }] }), sessions)).toBe(false);
    expect(mayAnswer(ours, me({ microscopes: [{ id: "m", operator: true }] }), sessions)).toBe(true);
    expect(mayAnswer(alarm(), me({ microscopes: [{ id: "m", operator: false }] }), sessions)).toBe(true);
    expect(mayAnswer(alarm({ microscope: null }), me({ microscopes: [{ id: "m", operator: true }] }), sessions)).toBe(false);
    expect(mayAnswer(alarm({ microscope: null }), me({ staff: true }), sessions)).toBe(true);
    expect(mayAnswer(alarm({ microscope: null, raised_by: "x" }), me({}), sessions)).toBe(true);
    expect(mayAnswer(ours, null, sessions)).toBe(false);
  });
});
