import { describe, expect, it } from "vitest";
import { Layer, spriteOf } from "./blit";

/** A picture of one colour, straight RGBA. */
const plain = (width: number, height: number, rgba: readonly [number, number, number, number]): Uint8ClampedArray =>
  Uint8ClampedArray.from({ length: 4 * width * height }, (_, at) => rgba[at % 4]!);
const shown = (layer: Layer): number[][] => {
  const straight = new Int32Array(layer.width * layer.height);
  layer.straightInto(straight);
  const bytes = new Uint8Array(straight.buffer);
  return Array.from(straight, (_, at) => [...bytes.subarray(4 * at, 4 * at + 4)]);
};

describe("a sprite", () => {
  it("is the part of a picture that is not empty, and knows where its middle was", () => {
    const picture = plain(9, 7, [0, 0, 0, 0]);
    for (const at of [2 * 9 + 3, 4 * 9 + 5]) picture.set([10, 20, 30, 255], 4 * at);
    const sprite = spriteOf(picture, 9, 7, 4, 3);
    expect(sprite).toMatchObject({ width: 3, height: 3, x: 1, y: 1 });
    const layer = new Layer(3, 3);
    layer.put(sprite, 1, 1);
    expect(shown(layer).flatMap((rgba, at) => (rgba[3] === 0 ? [] : [at]))).toEqual([0, 8]);
    expect(shown(layer)[0]).toEqual([10, 20, 30, 255]);
  });

  it("of nothing is nothing", () => {
    const sprite = spriteOf(plain(4, 4, [9, 9, 9, 0]), 4, 4, 2, 2);
    const layer = new Layer(4, 4);
    layer.put(sprite, 2, 2);
    expect(shown(layer).every((rgba) => rgba[3] === 0)).toBe(true);
  });
});

describe("a layer", () => {
  const dot = (rgba: readonly [number, number, number, number]) => spriteOf(plain(1, 1, rgba), 1, 1, 0, 0);

  it("leaves out what lies beyond its edges and keeps the rest", () => {
    const layer = new Layer(4, 3);
    const block = spriteOf(plain(3, 3, [1, 2, 3, 255]), 3, 3, 1, 1);
    for (const [x, y] of [[0, 0], [3, 2], [-9, 1], [9, 1], [1, -9], [1, 9]] as const) layer.put(block, x, y);
    expect(shown(layer).flatMap((rgba, at) => (rgba[3] === 255 ? [at] : []))).toEqual([0, 1, 4, 5, 6, 7, 10, 11]);
    layer.clear();
    expect(shown(layer).every((rgba) => rgba[3] === 0)).toBe(true);
  });

  it("lays what is half clear over what is there as a canvas does", () => {
    let seed = 3;
    const byte = (): number => ((seed = (seed * 16807) % 2147483647), seed % 256);
    for (let turn = 0; turn < 200; turn += 1) {
      const under = [byte(), byte(), byte(), byte()] as const;
      const over = [byte(), byte(), byte(), byte()] as const;
      const layer = new Layer(1, 1);
      layer.put(dot(under), 0, 0);
      layer.put(dot(over), 0, 0);
      const [red, green, blue, alpha] = shown(layer)[0]!;
      const [a, b] = [over[3] / 255, under[3] / 255];
      const both = a + b * (1 - a);
      expect(Math.abs(alpha! - 255 * both)).toBeLessThan(2.1);
      // colours that are nearly clear are kept in few bits, here as in a canvas
      const slack = 2 + 2 / Math.max(both, 1 / 255);
      [red, green, blue].forEach((value, channel) => {
        const wanted = both === 0 ? 0 : (over[channel]! * a + under[channel]! * b * (1 - a)) / both;
        expect(Math.abs(value! - wanted)).toBeLessThan(slack);
      });
    }
  });
});
