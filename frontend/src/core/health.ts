/* How the house stands: findings counted, the worst first. */

export interface Finding {
  readonly subject: string;
  readonly verdict: string;
  readonly told: string;
  readonly advice: string;
}

export interface HealthDetails {
  readonly services: readonly Finding[];
  readonly queues: readonly { readonly kind: string; readonly wanted: number; readonly running: number; readonly dead: number; readonly oldest_s: number | null }[];
  readonly plugins: readonly { readonly kind: string; readonly name: string; readonly version: string; readonly done: number; readonly dead: number; readonly network: string }[];
  readonly microscopes: readonly { readonly name: string; readonly simulated: boolean; readonly state: string; readonly checks: readonly Finding[] }[];
  readonly versions: Readonly<Record<string, string>>;
}

/* What nobody foresaw stands between a warning and a failure: it is looked at, not hidden. */
const WEIGHT: Record<string, number> = { fail: 3, warn: 1, ok: 0 };
const weight = (finding: Finding): number => WEIGHT[finding.verdict] ?? 2;

export const SIGNS: Record<string, { readonly sign: string; readonly word: string }> = { ok: { sign: "✓", word: "good" }, warn: { sign: "!", word: "worth a look" }, fail: { sign: "×", word: "wrong" } };
export const signOf = (verdict: string): { readonly sign: string; readonly word: string } => SIGNS[verdict] ?? { sign: "?", word: verdict };

/** The worst first; what is equally bad stays in the order it came. */
export const worstFirst = (findings: readonly Finding[]): Finding[] => [...findings].sort((a, b) => weight(b) - weight(a));

/** "1 wrong, 2 worth a look", or that all is well. */
export function summary(details: HealthDetails): string {
  const all = [...details.services, ...details.microscopes.flatMap((one) => one.checks)];
  const count = (least: number, most: number): number => all.filter((one) => weight(one) >= least && weight(one) <= most).length;
  const [wrong, doubtful] = [count(2, 3), count(1, 1)];
  if (wrong === 0 && doubtful === 0) return `all ${all.length} checks are good`;
  return [wrong > 0 ? `${wrong} wrong` : "", doubtful > 0 ? `${doubtful} worth a look` : ""].filter(Boolean).join(", ");
}
