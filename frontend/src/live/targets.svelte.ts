/* Reads the targets of one picture: all columns once, then only what changed since. */

import { get } from "../api/client";
import type { Overlay } from "../api/types";
import { merged } from "../core/columns";
import type { Shown } from "./panel.svelte";

export function overlayReader(path: () => string): (before: Shown<Overlay> | null) => Promise<Shown<Overlay>> {
  const whole = async (): Promise<Shown<Overlay>> => {
    const value = await get<Overlay>(path());
    return { value, asOf: value.as_of_seq };
  };
  return async (before) => {
    if (before === null || before.asOf === null) return whole();
    const change = await get<Overlay>(path(), { after_seq: before.value.as_of_seq });
    const value = merged(before.value, change);
    return value === null ? whole() : { value, asOf: value.as_of_seq };
  };
}
