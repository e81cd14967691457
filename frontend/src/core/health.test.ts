import { expect, it } from "vitest";
import { signOf, summary, worstFirst, type Finding, type HealthDetails } from "./health";

const finding = (subject: string, verdict: string): Finding => ({ subject, verdict, told: "", advice: "" });
const details = (services: Finding[], checks: Finding[]): HealthDetails => ({ services, queues: [], plugins: [], microscopes: [{ name: "m", simulated: true, state: "idle", checks }], versions: {} });

it("puts the worst first and hides nothing it does not know", () => {
  expect(worstFirst([finding("a", "ok"), finding("b", "odd"), finding("c", "warn"), finding("d", "fail"), finding("e", "ok")]).map((one) => one.subject)).toEqual(["d", "b", "c", "a", "e"]);
  expect([signOf("fail").sign, signOf("odd")]).toEqual(["×", { sign: "?", word: "odd" }]);
});

it("says it in one line", () => {
  expect(summary(details([finding("a", "ok")], [finding("b", "ok")]))).toBe("all 2 checks are good");
  expect(summary(details([finding("a", "fail"), finding("x", "odd")], [finding("b", "warn")]))).toBe("2 wrong, 1 worth a look");
  expect(summary(details([], [finding("b", "warn")]))).toBe("1 worth a look");
});
