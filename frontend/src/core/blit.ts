/* Small pictures laid over one another in memory: tens of thousands within one frame.

   A canvas call per target costs more than its pixels do, so the pixels are mixed here and handed to
   the canvas once. Pixels are one 32-bit number each, alpha in the top byte and colours multiplied by
   it, as a browser's ImageData lies in the memory of every machine that runs one. */

export interface Sprite {
  readonly width: number;
  readonly height: number;
  /** Where its middle lies from its left and top edge, px. */
  readonly x: number;
  readonly y: number;
  readonly pixels: Int32Array;
}

/** The part of a picture (straight RGBA, `width` × `height`) that is not empty; `x`, `y` is its middle. */
export function spriteOf(rgba: Uint8ClampedArray, width: number, height: number, x: number, y: number): Sprite {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 0; at < width * height; at += 1) {
    if (rgba[4 * at + 3] === 0) continue;
    const column = at % width;
    const row = (at - column) / width;
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  }
  const [wide, high] = [Math.max(0, right - left + 1), Math.max(0, bottom - top + 1)];
  const pixels = new Int32Array(wide * high);
  for (let row = 0; row < high; row += 1) {
    for (let column = 0; column < wide; column += 1) {
      const at = 4 * ((top + row) * width + left + column);
      const alpha = rgba[at + 3]!;
      const part = (channel: number): number => Math.round((rgba[at + channel]! * alpha) / 255);
      pixels[row * wide + column] = (alpha << 24) | (part(2) << 16) | (part(1) << 8) | part(0);
    }
  }
  return { width: wide, height: high, x: x - left, y: y - top, pixels };
}

export class Layer {
  readonly pixels: Int32Array;
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Int32Array(width * height);
  }

  clear(): void {
    this.pixels.fill(0);
  }

  /** The sprite's middle at `x`, `y` (whole px); what lies outside is left out. */
  put(sprite: Sprite, x: number, y: number): void {
    const { pixels: above, width: wide } = sprite;
    const { pixels, width } = this;
    const left = x - sprite.x;
    const top = y - sprite.y;
    const first = left < 0 ? -left : 0;
    const last = left + wide > width ? width - left : wide;
    const end = top + sprite.height > this.height ? this.height - top : sprite.height;
    for (let row = top < 0 ? -top : 0; row < end; row += 1) {
      const under = (top + row) * width + left;
      const over = row * wide;
      for (let column = first; column < last; column += 1) {
        const ink = above[over + column]!;
        if (ink === 0) continue;
        const at = under + column;
        const alpha = ink >>> 24;
        const before = pixels[at]!;
        if (alpha === 255 || before === 0) {
          pixels[at] = ink;
          continue;
        }
        // two channels at once: each product stays within its own 16 bits
        const left256 = 255 - alpha;
        const redBlue = (Math.imul(before & 0xff00ff, left256) >>> 8) & 0xff00ff;
        const greenAlpha = Math.imul((before >>> 8) & 0xff00ff, left256) & 0xff00ff00;
        pixels[at] = ink + (redBlue | greenAlpha);
      }
    }
  }

  /** As straight RGBA, one number a pixel, into `rgba`. */
  straightInto(rgba: Int32Array): void {
    const { pixels } = this;
    for (let at = 0; at < pixels.length; at += 1) {
      const ink = pixels[at]!;
      const alpha = ink >>> 24;
      if (alpha === 0 || alpha === 255) {
        rgba[at] = ink;
        continue;
      }
      const times = FULL_BY[alpha]!;
      const red = Math.min(255, (ink & 255) * times + 0.5);
      const green = Math.min(255, ((ink >>> 8) & 255) * times + 0.5);
      const blue = Math.min(255, ((ink >>> 16) & 255) * times + 0.5);
      rgba[at] = (alpha << 24) | (blue << 16) | (green << 8) | red;
    }
  }
}

/** What a colour of that alpha is multiplied by to be straight again. */
const FULL_BY = Float64Array.from({ length: 256 }, (_, alpha) => (alpha === 0 ? 0 : 255 / alpha));
