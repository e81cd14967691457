import { expect, it } from "vitest";
import { Refetcher, type Timers } from "./refetch";

class Hand implements Timers {
  due: (() => void)[] = [];
  pauses: number[] = [];
  set(act: () => void, ms: number): unknown {
    this.due.push(act);
    this.pauses.push(ms);
    return act;
  }
  clear(handle: unknown): void {
    this.due = this.due.filter((act) => act !== handle);
  }
  pass(): void {
    const due = this.due;
    this.due = [];
    due.forEach((act) => act());
  }
}

function reader() {
  const open: ((isAnswered: boolean) => void)[] = [];
  let reads = 0;
  const read = (): Promise<boolean> => {
    reads += 1;
    return new Promise((resolve) => open.push(resolve));
  };
  return { read, finish: (isAnswered = true) => open.shift()?.(isAnswered), reads: () => reads };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

it("reads once for many events", async () => {
  const hand = new Hand();
  const { read, reads } = reader();
  const panel = new Refetcher(read, hand);
  for (let event = 0; event < 50; event += 1) panel.nudge();
  expect(reads()).toBe(0);
  hand.pass();
  expect(reads()).toBe(1);
});

it("has one read in flight and reads again for what came meanwhile", async () => {
  const hand = new Hand();
  const { read, finish, reads } = reader();
  const panel = new Refetcher(read, hand);
  void panel.now();
  panel.nudge();
  panel.nudge();
  void panel.now();
  hand.pass();
  expect(reads()).toBe(1);
  finish();
  await settled();
  hand.pass();
  expect(reads()).toBe(2);
  finish();
  await settled();
  hand.pass();
  expect(reads()).toBe(2);
});

it("goes on after a read that failed", async () => {
  const hand = new Hand();
  let reads = 0;
  const panel = new Refetcher(async () => {
    reads += 1;
    throw new Error("no answer");
  }, hand);
  await expect(panel.now()).rejects.toThrow("no answer");
  await expect(panel.now()).rejects.toThrow("no answer");
  expect(reads).toBe(2);
});

it("reads no more once it has ended", async () => {
  const hand = new Hand();
  const { read, reads } = reader();
  const panel = new Refetcher(read, hand);
  panel.nudge();
  panel.end();
  panel.nudge();
  hand.pass();
  await panel.now();
  expect(reads()).toBe(0);
});

it("uses the clock of the browser unless told otherwise", async () => {
  let reads = 0;
  const panel = new Refetcher(
    async () => {
      reads += 1;
      return true;
    },
    undefined,
    1,
  );
  panel.nudge();
  panel.end();
  panel.nudge();
  await settled();
  expect(reads).toBe(0);
});

it("asks again what nobody answered, each time a little later, until it is answered", async () => {
  const hand = new Hand();
  const { read, finish, reads } = reader();
  const panel = new Refetcher(read, hand);
  void panel.now();
  for (let turn = 1; turn <= 7; turn += 1) {
    finish(false);
    await settled();
    expect(hand.due).toHaveLength(1);
    hand.pass();
    expect(reads()).toBe(turn + 1);
  }
  expect(hand.pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  finish();
  await settled();
  expect(hand.due).toHaveLength(0);
});

it("forgets to ask again once something else made it read, or it has ended", async () => {
  const hand = new Hand();
  const { read, finish, reads } = reader();
  const panel = new Refetcher(read, hand);
  void panel.now();
  finish(false);
  await settled();
  void panel.now();
  expect(hand.due).toHaveLength(0);
  finish(false);
  await settled();
  expect(hand.due).toHaveLength(1);
  panel.end();
  hand.pass();
  expect(reads()).toBe(2);
});
