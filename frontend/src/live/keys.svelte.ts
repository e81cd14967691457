/* Which key does what on the page that is shown; the innermost listener is asked first. */

import { onDestroy } from "svelte";
import { belongsToField, bound, chord, isSingle, meant, readBindings, type Bindings } from "../core/keymap";

const SINGLE = "smartscope-single-keys";
const BINDINGS = "smartscope-keys";

/** Kept in this browser for each person: several share the one of a microscope's room. */
class KeyChoice {
  /** Single letters act; those who speak to their computer, or lean on keys, switch them off (WCAG 2.1.4). */
  single = $state(true);
  bindings = $state.raw<Bindings>({});
  private person = "";

  /** Read what was kept for whoever is signed in. */
  of(person: string): void {
    this.person = person;
    this.single = localStorage.getItem(`${SINGLE}:${person}`) !== "off";
    this.bindings = readBindings(localStorage.getItem(`${BINDINGS}:${person}`));
  }

  set(single: boolean): void {
    this.single = single;
    localStorage.setItem(`${SINGLE}:${this.person}`, single ? "on" : "off");
  }

  /** Puts an act on another key; why not, or "". */
  bind(act: string, to: string): string {
    const next = bound(this.bindings, act, to);
    if ("problem" in next) return next.problem;
    this.keep(next.bindings);
    return "";
  }

  reset(): void {
    this.keep({});
  }

  private keep(bindings: Bindings): void {
    this.bindings = bindings;
    localStorage.setItem(`${BINDINGS}:${this.person}`, JSON.stringify(bindings));
  }
}

export const keyChoice = new KeyChoice();

/** Returns false to leave the key to whoever listens further out. */
export type KeyAct = () => boolean | void;
const listeners: Record<string, KeyAct>[] = [];

export function startKeys(): void {
  addEventListener("keydown", (event) => {
    // a dialog in front has the keys to itself: Escape closes it, nothing behind it moves
    if (document.querySelector("dialog:modal") !== null) return;
    const at = event.target as HTMLElement | null;
    const key = chord(event);
    if (at && belongsToField(at.tagName, at.getAttribute("type") ?? "", at.isContentEditable, key)) return;
    if (!keyChoice.single && isSingle(key)) return;
    const wanted = meant(key, keyChoice.bindings);
    if (wanted === null) return;
    for (const keys of listeners.toReversed()) {
      const act = keys[wanted];
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
