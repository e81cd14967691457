/* Reads the targets of one picture: all columns once, then only what changed since. */

import { get } from "../api/client";
import type { Overlay } from "../core/columns";
import { merged, unpacked } from "../core/columns";
import type { Shown } from "./panel.svelte";

const PACKED = { packed: true } as const;

export function overlayReader(path: () => string): (before: Shown<Overlay> | null) => Promise<Shown<Overlay>> {
  const whole = async (): Promise<Shown<Overlay>> => {
    const value = unpacked(await get<Overlay>(path(), PACKED));
    return { value, asOf: value.as_of_seq };
  };
  return async (before) => {
    if (before === null || before.asOf === null) return whole();
    const change = unpacked(await get<Overlay>(path(), { ...PACKED, after_seq: before.value.as_of_seq }));
    const value = merged(before.value, change);
    return value === null ? whole() : { value, asOf: value.as_of_seq };
  };
}
