import { describe, expect, it } from "vitest";
import { bandRule, KINDS, quietWords, ruleBody, ruleWords, type AlertRule, type RuleKind } from "./rules";

const rule = (over: Partial<AlertRule>): AlertRule => ({
  id: "r", version: 1, name: "n", kind: "idle", level: "MINOR", enabled: true, microscope: null, session: null, author: null,
  minutes: 12, free_percent: 10, metric: "ctf_fit_angstrom", low: null, high: 6, exposures: 5, quiet_from: null, quiet_to: null, ...over,
});

describe("an alert rule", () => {
  it("reads as a sentence", () => {
    expect(ruleWords(rule({}))).toBe("when no image came for 12\u202fmin 00\u202fs while a run goes on");
    expect(ruleWords(rule({ kind: "metric" }))).toBe("when CTF fit is over 6.0\u202fÅ for 5 exposures in a row");
    expect(ruleWords(rule({ kind: "metric", low: 2 }))).toContain("outside 2.0\u202fÅ to 6.0\u202fÅ");
    expect(ruleWords(rule({ kind: "metric", metric: "unheard", low: 2, high: null }))).toContain("unheard is under 2");
    expect(ruleWords(rule({ kind: "metric", high: null }))).toContain("without a limit");
    expect(ruleWords(rule({ kind: "disk" }))).toBe("when less than 10 % of the disk is free");
    for (const kind of Object.keys(KINDS) as RuleKind[]) expect(ruleWords(rule({ kind }))).toMatch(/^when /);
  });

  it("tells its quiet hours", () => {
    expect(quietWords(rule({ quiet_from: "22:00:00", quiet_to: "06:30:00" }))).toBe("quiet from 22:00 to 06:30 UTC");
    expect(quietWords(rule({}))).toBe("");
  });

  it("is made of a plot's band", () => {
    expect(bandRule("s", "ctf", null, 6)).toEqual({ name: "CTF fit out of its band", kind: "metric", level: "MINOR", metric: "ctf_fit_angstrom", low: null, high: 6, exposures: 5, session: "s" });
    expect([bandRule("s", "latency", 1, 2), bandRule("s", "ice", null, null)]).toEqual([null, null]);
  });

  it("sends what its kind needs and nothing else", () => {
    expect(ruleBody({ kind: "metric", name: " ", level: "MAJOR", metric: "defocus_um", low: "0,5", high: "", exposures: "4", minutes: "7" })).toEqual({
      name: "A value leaves its band", kind: "metric", level: "MAJOR", metric: "defocus_um", low: 0.5, high: null, exposures: 4, quiet_from: null, quiet_to: null,
    });
    expect(ruleBody({ kind: "idle", name: "mine", minutes: "soon", quiet_from: "22:00", quiet_to: "06:00" })).toEqual({ name: "mine", kind: "idle", level: "MINOR", minutes: null, quiet_from: "22:00", quiet_to: "06:00" });
  });
});
