/* An edit shown at once, before the server's answer; the next read has the last word. */

import type { Overlay } from "../core/columns";
import { forecast } from "../core/eligible";
import type { TargetSet } from "../live/acts";

export function pretended(overlay: Overlay, ids: ReadonlySet<string>, set: TargetSet): Overlay {
  const rows = overlay["ids"] as readonly string[];
  const statuses = overlay["status"] as readonly string[];
  const labels = overlay["label"] as readonly string[];
  if ("label" in set) return { ...overlay, label: labels.map((label, row) => (ids.has(rows[row]!) ? (set.label ?? "") : label)) };
  const [act, next] = "skip" in set ? (["skip", "skipped"] as const) : set.queue ? (["queue", "queued"] as const) : (["unqueue", "found"] as const);
  const touched = (row: number): boolean => ids.has(rows[row]!) && forecast(act, [{ status: statuses[row]!, external: false }]).changed === 1;
  return { ...overlay, status: statuses.map((status, row) => (touched(row) ? next : status)) };
}
