/* A session before it exists: its form as people leave it, and what the server says is wrong with it. */

import type { Parameter, ParameterValue } from "../api/vocabularyTypes";
import { isBlank, type Row } from "./manifest";

export interface Form {
  readonly name: string;
  readonly group: string;
  readonly microscope: string;
  readonly detector: string;
  readonly notes: string;
  /** When the session is to end, as the field holds it ("2026-11-22T07:00"); "" for when it is done. */
  readonly stopAt: string;
  /** Every collection parameter; empty until a protocol is known. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly rows: readonly Row[];
}

export const emptyForm: Form = { name: "", group: "", microscope: "", detector: "", notes: "", stopAt: "", parameters: {}, rows: [] };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** A form kept by an earlier visit; null where it cannot be read. */
export function formOf(kept: unknown): Form | null {
  if (!isRecord(kept) || !Array.isArray(kept["rows"])) return null;
  const text = (name: string): string => (typeof kept[name] === "string" ? kept[name] : "");
  const rows = kept["rows"].filter((row): row is Row => isRecord(row) && typeof row["id"] === "number" && isRecord(row["cells"]));
  return {
    name: text("name"), group: text("group"), microscope: text("microscope"), detector: text("detector"), notes: text("notes"), stopAt: text("stopAt"),
    parameters: isRecord(kept["parameters"]) ? (kept["parameters"] as Form["parameters"]) : {},
    rows,
  };
}

export const SESSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** "20261121_" on the reader's clock: the habit is date, then sample. */
export const datedName = (today: Date): string =>
  `${today.getFullYear()}${String(today.getMonth() + 1).padStart(2, "0")}${String(today.getDate()).padStart(2, "0")}_`;

/** What is missing before the session can be planned, field by field. */
export function missing(form: Form): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (!SESSION_NAME.test(form.name)) wrong["name"] = "letters, digits, dots, dashes and underscores";
  else if (form.name.endsWith("_")) wrong["name"] = "say after the date what it is of";
  if (form.group === "") wrong["group"] = "choose whose session it is";
  if (form.microscope === "") wrong["microscope"] = "choose a microscope";
  if (form.detector === "") wrong["detector"] = "choose a detector of this microscope";
  if (form.rows.every(isBlank)) wrong["grids"] = "describe at least one grid";
  return wrong;
}

export interface Told {
  readonly fields: Record<string, string>;
  readonly cells: Map<number, Record<string, string>>;
}

/** The server's answer sorted into fields and cells; `sent` are the rows in the order they were sent. */
export function placed(problems: readonly { path: string; message: string }[], sent: readonly Row[]): Told {
  const fields: Record<string, string> = {};
  const cells = new Map<number, Record<string, string>>();
  for (const { path, message } of problems) {
    const [, place, key] = /^grids\.(\d+)\.(.+)$/.exec(path) ?? [];
    const row = place === undefined ? undefined : sent[Number(place)];
    if (row === undefined || key === undefined) fields[path] = message;
    else cells.set(row.id, { ...cells.get(row.id), [key]: message });
  }
  return { fields, cells };
}

export interface Difference {
  readonly name: string;
  readonly usual: ParameterValue;
  readonly here: ParameterValue;
  readonly unit: string;
}

/** Where a protocol leaves the facility's default. */
export function differences(protocol: Readonly<Record<string, ParameterValue>>, parameters: readonly Parameter[], usually: Readonly<Record<string, ParameterValue>> = {}): Difference[] {
  return parameters.flatMap(({ name, default: given, unit }) => {
    const usual = usually[name] ?? given;
    return name in protocol && protocol[name] !== usual ? [{ name, usual, here: protocol[name]!, unit }] : [];
  });
}

/** The name of a parameter as people read it; its unit stands beside the value. */
export function parameterWords(name: string): string {
  const text = name.replace(/_(um|nm|deg|h|angstrom_per_s|e_per_angstrom2)$/, "").replaceAll("_", " ");
  return text[0]!.toUpperCase() + text.slice(1);
}
