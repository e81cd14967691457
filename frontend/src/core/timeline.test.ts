import { describe, expect, it } from "vitest";
import { causeWord, lanes, opens, ticks, type Span } from "./timeline";

const span = (begin_s: number, end_s: number | null, more: Partial<Span> = {}): Span => ({
  lane: "square",
  what: "square",
  begin_s,
  end_s,
  state: "done",
  grid: "g01",
  target: "",
  ...more,
});

describe("lanes", () => {
  it("puts spans to scale, in the order of their lanes", () => {
    const [atlas, square] = lanes([span(0, 100, { lane: "atlas" }), span(100, 300)], 0, 1000, 500);
    expect([atlas!.name, square!.name]).toEqual(["atlas", "square"]);
    expect(square!.bars).toEqual([expect.objectContaining({ x: 50, width: 100, count: 1, bad: false })]);
  });
  it("draws what lasts until the end", () => {
    expect(lanes([span(900, null)], 0, 1000, 1000)[0]!.bars[0]!.width).toBe(100);
  });
  it("cuts what reaches beyond the view and leaves out what lies outside it", () => {
    const drawn = lanes([span(0, 600), span(2000, 3000), span(0, 100)], 500, 1500, 1000);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]!.bars).toEqual([expect.objectContaining({ x: 0, width: 100 })]);
  });
  it("draws tiny neighbours as one bar that says how many they are", () => {
    const many = Array.from({ length: 100 }, (_, n) => span(n, n + 0.5));
    const [lane] = lanes(many, 0, 1000, 1000);
    expect(lane!.bars).toHaveLength(1);
    expect(lane!.bars[0]!.count).toBe(100);
    expect(lane!.bars[0]!.width).toBeCloseTo(101);
  });
  it("never hides trouble among what went well", () => {
    const [lane] = lanes([span(0, 0.5), span(1, 1.5, { state: "failed" }), span(2, 2.5)], 0, 1000, 1000);
    expect(lane!.bars.map((bar) => bar.bad)).toEqual([false, true, false]);
  });
});

describe("ticks", () => {
  it("are round moments with room for their words", () => {
    const found = ticks(100, 7300, 720);
    expect(found.map((tick) => tick.at_s)).toEqual([900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]);
    expect(found[1]!.x - found[0]!.x).toBeGreaterThanOrEqual(90);
  });
  it("stay few over days", () => {
    expect(ticks(0, 10 * 86_400, 500).length).toBeLessThan(12);
  });
});

describe("causes", () => {
  it("are words, also those nobody foresaw", () => {
    expect(causeWord("refill")).toBe("a refill of the dewars");
    expect(causeWord("full_moon")).toBe("full moon");
  });
});

it("opens the square a bar was about, else its grid, else nothing", () => {
  expect(opens("night", span(0, 1, { target: "g01-s05-p02" }))).toEqual({ page: "grid", session: "night", grid: "g01", square: "g01-s05" });
  expect(opens("night", span(0, 1))).toEqual({ page: "grid", session: "night", grid: "g01" });
  expect(opens("night", span(0, 1, { grid: "" }))).toBeNull();
});
