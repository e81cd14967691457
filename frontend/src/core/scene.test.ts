import { describe, expect, it } from "vitest";
import { boxed, enclosed, thinned } from "./lasso";
import { target } from "./targets.fixture";
import { acquired, geometryOf, looksOf, outside, samePlaces } from "./scene";

const limits = { low: 0, high: 1 };
const field = Array.from({ length: 100 }, (_, at) => target({ id: `${at}`, slug: `h${at}`, x: (at % 10) * 10, y: Math.floor(at / 10) * 10, radius: 3 }));

describe("geometry", () => {
  it("holds round targets and outlines, and how far they reach", () => {
    const outlined = target({ x: 10, y: 10, outline: [[4, 4], [16, 4], [16, 18], [4, 18]] });
    const { radius, outlines, reach } = geometryOf([target({ radius: 3 }), outlined]);
    expect([...radius]).toEqual([3, 0]);
    expect(outlines[0]).toBeNull();
    expect([...outlines[1]!]).toEqual([4, 4, 16, 4, 16, 18, 4, 18]);
    expect([...reach]).toEqual([3, 8]);
  });

  it("stays while places stay, whatever else changes", () => {
    const queued = field.map((one) => ({ ...one, status: "queued" }));
    expect(samePlaces(field, queued)).toBe(true);
    expect(samePlaces(field, queued.slice(1))).toBe(false);
    expect(samePlaces(field, field.map((one) => ({ ...one, x: one.x + 1 })))).toBe(false);
  });

  it("counts what lies outside the picture", () => {
    expect(outside([target({ x: -1, y: 5 }), target({ x: 5, y: 5 }), target({ x: 5, y: 101 })], 100, 100)).toBe(2);
  });
});

describe("looks", () => {
  it("are few however many targets there are", () => {
    const mixed = field.map((one, at) => ({ ...one, modelLabel: at % 2 === 0 ? "good" : "thick" }));
    const looks = looksOf(mixed, "class", limits, (one) => one.id === "3");
    expect(looks.kinds).toHaveLength(3);
    expect(looks.kinds[looks.of[3]!]!.dimmed).toBe(true);
    expect(looks.of[0]).toBe(looks.of[2]);
  });
});

describe("what was just acquired", () => {
  it("is what became an image's between two readings, never what is new or was taken before", () => {
    const before = [target({ id: "a", status: "imaging" }), target({ id: "b", status: "done" }), target({ id: "c", status: "queued" })];
    const now = [target({ id: "a", status: "imaged" }), target({ id: "b", status: "done" }), target({ id: "c", status: "imaging" }), target({ id: "d", status: "done" })];
    expect(acquired(before, now).map((one) => one.id)).toEqual(["a"]);
  });
});

describe("a lasso", () => {
  const geometry = geometryOf(field);
  it("takes the centres inside its line and no other", () => {
    const triangle = [{ x: -1, y: -1 }, { x: 22, y: -1 }, { x: -1, y: 22 }];
    expect(enclosed(geometry, triangle)).toEqual([0, 1, 2, 10, 11, 20]);
  });

  it("leaves out what a line that crosses itself encloses twice", () => {
    const bow = [{ x: -5, y: -5 }, { x: 95, y: 95 }, { x: 95, y: -5 }, { x: -5, y: 95 }];
    const found = new Set(enclosed(geometry, bow));
    expect(found.has(40)).toBe(true);
    expect(found.has(4)).toBe(false);
  });

  it("of two points encloses nothing", () => {
    expect(enclosed(geometry, [{ x: 0, y: 0 }, { x: 99, y: 99 }])).toEqual([]);
  });

  it("agrees with the rule written out, whatever the line", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let turn = 0; turn < 20; turn += 1) {
      const line = Array.from({ length: 30 }, () => ({ x: random() * 100, y: random() * 100 }));
      const slow = field.flatMap((one, row) => {
        const crossings = line.filter((now, at) => {
          const before = line.at(at - 1)!;
          return now.y > one.y !== before.y > one.y && one.x < ((before.x - now.x) * (one.y - now.y)) / (before.y - now.y) + now.x;
        });
        return crossings.length % 2 === 1 ? [row] : [];
      });
      expect(enclosed(geometry, line)).toEqual(slow);
    }
  });

  it("is thinned to points that matter, and begins where the hand began", () => {
    const line = Array.from({ length: 50 }, (_, at) => ({ x: at * 0.5, y: 0 }));
    const few = thinned(line, 4);
    expect(few[0]).toEqual({ x: 0, y: 0 });
    expect(few).toHaveLength(7);
  });
});

describe("a box", () => {
  it("is the same from either corner", () => {
    const geometry = geometryOf(field);
    const one = boxed(geometry, { x: 15, y: 15 }, { x: 35, y: 25 });
    expect(one).toEqual([22, 23]);
    expect(boxed(geometry, { x: 35, y: 25 }, { x: 15, y: 15 })).toEqual(one);
  });
});
