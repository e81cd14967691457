/* Which key does what on the page that is shown; the innermost listener is asked first. */

import { onDestroy } from "svelte";
import { belongsToField, chord } from "../core/keymap";

/** Returns false to leave the key to whoever listens further out. */
export type KeyAct = () => boolean | void;
const listeners: Record<string, KeyAct>[] = [];

export function startKeys(): void {
  addEventListener("keydown", (event) => {
    const at = event.target as HTMLElement | null;
    const key = chord(event);
    if (at && belongsToField(at.tagName, at.getAttribute("type") ?? "", at.isContentEditable, key)) return;
    for (const keys of listeners.toReversed()) {
      const act = keys[key];
      if (act !== undefined && act() !== false) {
        event.preventDefault();
        return;
      }
    }
  });
}

export function useKeys(keys: Record<string, KeyAct>): void {
  listeners.push(keys);
  onDestroy(() => listeners.splice(listeners.indexOf(keys), 1));
}
