import { expect, it } from "vitest";
import { forecast, type TargetAct } from "./eligible";
import { honestCount } from "./words";

const some = (count: number, status: string, external = false) => Array.from({ length: count }, () => ({ status, external }));
const say = (act: TargetAct, targets: { status: string; external: boolean }[]): string => {
  const { matched, changed, skipped } = forecast(act, targets);
  return honestCount(act, changed, matched, skipped);
};

it("says how many of a mixed selection an act will touch, and why not the rest", () => {
  expect(say("queue", [...some(31, "found"), ...some(9, "analysed")])).toBe("queue 31 of 40; 9 already exposed");
  expect(say("queue", [...some(2, "skipped"), ...some(1, "queued"), ...some(1, "imaging")])).toBe("queue 2 of 4; 1 queued already, 1 being imaged");
  expect(say("unqueue", [...some(3, "queued"), ...some(1, "found")])).toBe("unqueue 3 of 4; 1 not queued");
  expect(say("skip", [...some(3, "queued"), ...some(1, "skipped")])).toBe("skip 3 of 4; 1 skipped already");
});

it("never touches another program's targets", () => {
  expect(say("queue", some(2, "found", true))).toBe("queue 0 of 2; 2 from another program");
});
