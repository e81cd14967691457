/* A contact sheet to be judged: in which order, what is left, and how fast it goes. */

export interface Item {
  readonly id: string;
  readonly slug: string;
  readonly image: string | null;
  readonly inset: string | null;
  /** A person's label and the model's; "" for none. */
  readonly label: string;
  readonly modelLabel: string;
  /** How good it looks, larger is better; null when not measured. */
  readonly merit: number | null;
  /** How sure the model is, 0 to 1; null when it said nothing. */
  readonly certainty: number | null;
  readonly at: number;
  readonly facts: readonly (readonly [string, string])[];
}

export type Order = "newest" | "oldest" | "worst" | "best" | "uncertain";
export const ORDERS: Record<Order, string> = {
  newest: "newest first",
  oldest: "oldest first",
  worst: "worst first",
  best: "best first",
  uncertain: "most uncertain first",
};

/** Sorted ids; what was not measured comes last in every order. */
export function ordered(items: readonly Item[], order: Order): string[] {
  const by: Record<Order, (one: Item) => number | null> = {
    newest: (one) => -one.at,
    oldest: (one) => one.at,
    worst: (one) => one.merit,
    best: (one) => (one.merit === null ? null : -one.merit),
    uncertain: (one) => one.certainty,
  };
  const key = by[order];
  return [...items]
    .sort((a, b) => (key(a) ?? Infinity) - (key(b) ?? Infinity) || a.slug.localeCompare(b.slug, "en", { numeric: true }))
    .map((one) => one.id);
}

/** The order that stands, with what is new at its end and what is gone left out: nothing moves under the pointer. */
export function joined(standing: readonly string[], now: readonly string[]): string[] {
  const present = new Set(now);
  const known = new Set(standing);
  return [...standing.filter((id) => present.has(id)), ...now.filter((id) => !known.has(id))];
}

export type Show = "all" | "unlabelled" | "labelled" | "disagreement";
export const SHOWN: Record<Show, string> = {
  all: "all",
  unlabelled: "not labelled yet",
  labelled: "labelled",
  disagreement: "person and model differ",
};

export function isShown(item: Item, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "unlabelled":
      return item.label === "";
    case "labelled":
      return item.label !== "";
    case "disagreement":
      return item.label !== "" && item.modelLabel !== "" && item.label !== item.modelLabel;
  }
}

/** Pauses longer than this are not work, s. */
const LONGEST_LOOK_S = 60;

export interface Pace {
  readonly labelled: number;
  readonly seconds: number;
  readonly last: number | null;
}
export const NO_PACE: Pace = { labelled: 0, seconds: 0, last: null };

/** After labelling `count` items at `now_s`. */
export function paced(pace: Pace, count: number, now_s: number): Pace {
  const took = pace.last === null ? null : now_s - pace.last;
  const counts = took !== null && took <= LONGEST_LOOK_S;
  return { labelled: pace.labelled + (counts ? count : 0), seconds: pace.seconds + (counts ? took : 0), last: now_s };
}

/** "312 of 500, 8.1 s each". */
export function progressWords(done: number, all: number, pace: Pace): string {
  const count = (value: number): string => value.toLocaleString("en-US");
  const each = pace.labelled === 0 ? "" : `, ${(pace.seconds / pace.labelled).toFixed(1)}\u202fs each`;
  return `${count(done)} of ${count(all)}${each}`;
}

/** What a bulk relabel would change: how many, from which labels, and up to twelve of them spread evenly. */
export interface Relabelling {
  readonly count: number;
  readonly from: readonly (readonly [string, number])[];
  readonly samples: readonly Item[];
}

const SAMPLES = 12;

export function relabelling(items: readonly Item[], label: string): Relabelling {
  const touched = items.filter((one) => one.label !== label);
  const from = new Map<string, number>();
  for (const one of touched) {
    const key = one.label || "no label";
    from.set(key, (from.get(key) ?? 0) + 1);
  }
  const every = Math.max(1, touched.length / SAMPLES);
  const samples = Array.from({ length: Math.min(SAMPLES, touched.length) }, (_, place) => touched[Math.floor(place * every)]!);
  return { count: touched.length, from: [...from].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])), samples };
}

/** The next item without a person's label after `from`, else the next one; null at the end. */
export function nextToLabel(order: readonly string[], from: string, isLabelled: (id: string) => boolean): string | null {
  const at = order.indexOf(from);
  return order.slice(at + 1).find((id) => !isLabelled(id)) ?? order[at + 1] ?? null;
}
