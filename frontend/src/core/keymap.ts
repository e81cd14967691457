/* Keys and what they do. Nothing fires while somebody types. */

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** "j", "shift+arrowdown", "ctrl+z", "?": letters without shift, as they are printed on keys. */
export function chord(press: KeyPress): string {
  const key = press.key === " " ? "space" : press.key.toLowerCase();
  const printed = press.key.length === 1 && !/[a-z]/i.test(press.key);
  return [press.ctrlKey || press.metaKey ? "ctrl+" : "", press.altKey ? "alt+" : "", press.shiftKey && !printed ? "shift+" : "", key].join("");
}

/** Whether keys belong to the element: a field, or a control that Enter and Space operate. */
export function belongsToField(tag: string, type: string, editable: boolean, key: string): boolean {
  if (editable || tag === "TEXTAREA" || tag === "SELECT") return true;
  if (tag === "INPUT") return !["checkbox", "radio", "button"].includes(type) || key === "space";
  return ["BUTTON", "A", "SUMMARY"].includes(tag) && (key === "enter" || key === "space");
}

/** A letter, digit or sign alone: what a person may switch off. "?" stays, since it tells how to switch them on. */
export const isSingle = (key: string): boolean => key !== "?" && (key.length === 1 || key === "space");

/** Acts on a single key, by the key they come with; a person may put each on another. */
export const SINGLE_ACTS: Readonly<Record<string, string>> = {
  j: "next (also → ↓)",
  k: "previous (also ← ↑)",
  q: "queue or unqueue",
  x: "skip",
  l: "lasso; Shift adds, Alt takes away",
  b: "box; Shift adds, Alt takes away",
  a: "all that is shown",
  i: "invert the selection",
  s: "grow to the same class",
  space: "peek: full size and power spectrum",
  g: "Collect (ranking and comparison)",
  r: "Re-screen (ranking and comparison)",
  d: "Discard (ranking and comparison)",
  c: "compare the grids chosen in the ranking, or the open grid with others",
  p: "pause after the current target, once it is said what that does",
  "/": "filter the sessions",
  o: "next colouring",
  e: "edit holes: then arrows nudge, Delete takes away",
  "[": "less contrast",
  "]": "more contrast",
  "\\": "contrast by what is on screen",
  t: "map or table",
  f: "full screen",
  ".": "go on to the next after a label, or not (in triage)",
};

export interface Help {
  readonly keys: string;
  readonly act: string;
}

/** What stays where it is: keys with a modifier, keys with a name, and the digits of labels. */
export const FIXED: readonly Help[] = [
  { keys: "1 – 9, 0", act: "label, clear the label" },
  { keys: "Shift + arrows", act: "extend the selection" },
  { keys: "Shift-S", act: "add the ten most alike, by all that was measured" },
  { keys: "Enter", act: "open what is selected" },
  { keys: "Backspace", act: "one level up" },
  { keys: "Alt + arrows", act: "take a waiting grid earlier, later" },
  { keys: "Ctrl-K", act: "go to any id or page, or type an act" },
  { keys: "Ctrl-Z", act: "take back your latest edit" },
  { keys: "Ctrl-Shift-Z", act: "redo it" },
  { keys: "Esc", act: "clear the selection" },
  { keys: "?", act: "this list" },
];

/** From the key an act comes with to the key a person put it on. */
export type Bindings = Readonly<Record<string, string>>;

/** The key that is meant by a pressed one; null where its act was put elsewhere. */
export function meant(pressed: string, bindings: Bindings): string | null {
  const moved = Object.entries(bindings).find(([, to]) => to === pressed);
  if (moved !== undefined) return moved[0];
  return Object.hasOwn(bindings, pressed) ? null : pressed;
}

export const keyOf = (act: string, bindings: Bindings): string => bindings[act] ?? act;

/** Bindings with one act on another key, or why that cannot be. */
export function bound(bindings: Bindings, act: string, to: string): { bindings: Bindings } | { problem: string } {
  if (!isSingle(to) || /^[0-9]$/.test(to)) return { problem: `${printed(to)} cannot be taken: choose a letter or a sign.` };
  const other = Object.keys(SINGLE_ACTS).find((one) => one !== act && keyOf(one, bindings) === to);
  if (other !== undefined) return { problem: `${printed(to)} is taken: ${SINGLE_ACTS[other]}. Put that one elsewhere first.` };
  const { [act]: _before, ...rest } = bindings;
  return { bindings: to === act ? rest : { ...rest, [act]: to } };
}

/** Bindings as they were kept; what is no binding is left out. */
export function readBindings(kept: string | null): Bindings {
  try {
    const found: unknown = JSON.parse(kept ?? "{}");
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(Object.entries(found).filter(([act, to]) => Object.hasOwn(SINGLE_ACTS, act) && typeof to === "string" && isSingle(to)));
  } catch {
    return {};
  }
}

/** As it stands on the key. */
export const printed = (key: string): string => (key === "space" ? "Space" : key.length === 1 ? key.toUpperCase() : key);
