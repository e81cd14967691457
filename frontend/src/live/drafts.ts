/* What was typed and not sent yet stays in this browser: a reload or a lost connection costs nothing. */

const PREFIX = "smartscope-draft-";

export function drafted<Value>(name: string, read: (text: unknown) => Value | null): Value | null {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : read(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Returns false where the browser keeps nothing: the page says so. */
export function keepDraft(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export const forgetDraft = (name: string): void => localStorage.removeItem(PREFIX + name);
