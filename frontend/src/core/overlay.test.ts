import { describe, expect, it } from "vitest";
import { classOf, inkFor, keyOf, legend, sentence, strokeOf, type Colouring } from "./overlay";
import { target } from "./targets.fixture";
import { inkOf, ramp, UNLABELLED } from "./palette";

const limits = { low: 10, high: 90 };
describe("a class", () => {
  it("is the person's where there is one", () => {
    expect(classOf(target({ label: "Good", modelLabel: "Dry" }))).toBe("Good");
    expect(classOf(target({ modelLabel: "Dry" }))).toBe("Dry");
  });

  it.each([
    { labels: ["good", "small", "contaminated", "cracked", "partial", "dry"] },
    { labels: ["good", "bad", "contaminated", "empty", "thick", "broken"] },
    { labels: ["hole", "off_lattice"] },
  ])("has a colour and a letter of its own: $labels", ({ labels }) => {
    const inks = labels.map(inkOf);
    expect(new Set(inks.map((ink) => ink.letter)).size).toBe(inks.length);
    expect(new Set(inks.map((ink) => ink.colour)).size).toBe(inks.length);
  });

  it("nobody foresaw keeps the same ink for ever", () => {
    expect(inkOf("Folded ice")).toEqual(inkOf("folded ICE"));
    expect(inkOf("Folded ice").letter).toBe("FO");
    expect(inkOf(" ")).toBe(UNLABELLED);
  });
});

describe("a state", () => {
  it("has its stroke, and another program's target always its own", () => {
    expect(strokeOf(target({ status: "queued" }))).toBe("dashed");
    expect(strokeOf(target({ status: "imaging" }))).toBe("pulsing");
    expect(strokeOf(target({ status: "skipped" }))).toBe("crossed");
    expect(strokeOf(target({ status: "queued", external: true }))).toBe("dotted");
    expect(strokeOf(target({ status: "who knows" }))).toBe("thin");
  });
});

describe("colouring", () => {
  it("shows what is not measured as such, never as a low value", () => {
    expect(inkFor(target(), "ice", limits)).toBe(UNLABELLED);
    expect(inkFor(target({ ice: 10 }), "ice", limits).colour).toBe(ramp(10, 10, 90));
    expect(inkFor(target(), "probability", limits)).toBe(UNLABELLED);
  });

  it("marks the centre of a group", () => {
    expect(inkFor(target({ group: 3, groupRole: "centre" }), "group", limits).letter).toBe("●");
    expect(inkFor(target({ group: 3, groupRole: "member" }), "group", limits).letter).toBe("");
    expect(inkFor(target(), "group", limits)).toBe(UNLABELLED);
  });

  it("goes by state with a colour for each end of the ladder", () => {
    expect(inkFor(target({ status: "lost" }), "state", limits).letter).toBe("L");
    expect(inkFor(target({ status: "who knows" }), "state", limits)).toBe(UNLABELLED);
  });

  it("runs from one end of the ramp to the other and stays there", () => {
    expect(ramp(-5, 0, 10)).toBe(ramp(0, 0, 10));
    expect(ramp(99, 0, 10)).toBe(ramp(10, 0, 10));
    expect(ramp(0, 0, 10)).not.toBe(ramp(10, 0, 10));
    expect(ramp(3, 5, 5)).toBe(ramp(5, 0, 10));
  });
});

describe("the legend", () => {
  const targets = [target({ modelLabel: "Good" }), target({ label: "Good" }), target({ modelLabel: "Dry" }), target({ ice: 30 }), target({ ice: 95 }), target({ ice: 2, group: 1 })];

  it("counts every target once under each colouring", () => {
    for (const by of ["class", "state", "ice", "group", "probability"] satisfies Colouring[]) {
      const rows = legend(targets, by, limits);
      expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(targets.length);
    }
  });

  it("goes by number, the most frequent first", () => {
    for (const by of ["class", "state", "group"] satisfies Colouring[]) {
      const counts = legend(targets, by, limits).map((row) => row.count);
      expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    }
  });

  it("of a measured value goes up its bands, what is not measured last", () => {
    const measured = [120, 30, null, 5, 35, 70].map((ice, at) => target({ id: `${at}`, ice }));
    const keys = legend(measured, "ice", limits).map((row) => row.key);
    expect(keys[0]).toMatch(/^below/);
    expect(keys.at(-2)).toMatch(/^above/);
    expect(keys.at(-1)).toBe("not measured yet");
  });

  it("of a measured value has a colour of its own for each band and for either side", () => {
    const measured = [120, 15, 5, 35, 55, 75].map((ice, at) => target({ id: `${at}`, ice }));
    const rows = legend(measured, "ice", limits);
    expect(new Set(rows.map((row) => row.ink.colour)).size).toBe(6);
    expect([rows[0]!.ink.letter, rows.at(-1)!.ink.letter]).toEqual(["‹", "›"]);
    // and every target of a band is drawn as its row
    expect(inkFor(target({ ice: 44 }), "ice", limits)).toEqual(inkFor(target({ ice: 35 }), "ice", limits));
  });

  it("names bands of measured values and what is missing", () => {
    expect(keyOf(target({ ice: 30 }), "ice", limits)).toBe("30\u202fnm to 50\u202fnm");
    expect(keyOf(target({ ice: 90 }), "ice", limits)).toBe("70\u202fnm to 90\u202fnm");
    expect(keyOf(target({ ice: 2 }), "ice", limits)).toBe("below 10\u202fnm");
    expect(keyOf(target(), "ice", limits)).toBe("not measured yet");
    expect(keyOf(target({ probability: 0.9 }), "probability", limits)).toContain("%");
  });
});

describe("the sentence of a target", () => {
  it("says class, state and place in words", () => {
    expect(sentence(target({ modelLabel: "Good", probability: 0.913, status: "queued", queuePosition: 2 }))).toBe("g01-s01 · Good, 91\u202f% · queued · place 2");
    expect(sentence(target({ label: "Dry", ice: 44, external: true, predicted: true }))).toBe(
      "g01-s01 · Dry (a person) · found · ice 44\u202fnm · from the imported session · predicted by the lattice, not seen",
    );
    expect(sentence(target({ modelLabel: "Good" }))).toBe("g01-s01 · Good · found");
    expect(sentence(target())).toBe("g01-s01 · no class yet · found");
  });
});
