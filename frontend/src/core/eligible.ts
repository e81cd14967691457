/* Which of the selected targets an act will touch, so that the bar can say it before the click.

   The server decides; this only foretells its answer from the states on the page. */

export type TargetAct = "queue" | "unqueue" | "skip";

const SPENT = ["imaging", "imaged", "analysed", "done", "lost"];

function refusal(act: TargetAct, status: string): string | null {
  if (act === "unqueue") return status === "queued" ? null : "not_queued";
  if (SPENT.includes(status)) return status === "imaging" ? "being_imaged" : "already_exposed";
  if (act === "queue") return status === "queued" ? "already_queued" : null;
  return status === "skipped" ? "already_skipped" : null;
}

export interface Forecast {
  readonly matched: number;
  readonly changed: number;
  readonly skipped: readonly { code: string }[];
}

export function forecast(act: TargetAct, targets: readonly { status: string; external: boolean }[]): Forecast {
  const skipped = targets.flatMap((target) => {
    const code = target.external ? "from_another_program" : refusal(act, target.status);
    return code === null ? [] : [{ code }];
  });
  return { matched: targets.length, changed: targets.length - skipped.length, skipped };
}
