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

export interface Help {
  readonly keys: string;
  readonly act: string;
}

export const HELP: readonly Help[] = [
  { keys: "J K  → ←", act: "next, previous" },
  { keys: "Shift + arrows", act: "extend the selection" },
  { keys: "Enter", act: "open what is selected" },
  { keys: "Backspace", act: "one level up" },
  { keys: "1 – 6, 0", act: "label, clear the label" },
  { keys: "Q  X", act: "queue or unqueue, skip" },
  { keys: "G R D", act: "Collect, Re-screen, Discard (in the ranking)" },
  { keys: "O", act: "next colouring" },
  { keys: "T", act: "map or table" },
  { keys: "Ctrl-Z", act: "take back your latest edit" },
  { keys: "Esc", act: "clear the selection" },
  { keys: "?", act: "this list" },
];
