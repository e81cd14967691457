/* The cassette as a table people fill in: columns, pasted rows, and what is wrong in which cell. */

import type { LabelWord, Parameter, ParameterValue } from "../api/vocabularyTypes";

export interface Words {
  readonly hole_types: readonly { readonly name: string }[];
  readonly meshes: readonly { readonly name: string }[];
  readonly mesh_materials: readonly string[];
  readonly square_labels?: readonly LabelWord[];
  readonly parameters: readonly Parameter[];
}

export interface Column {
  readonly key: string;
  readonly title: string;
  readonly kind: "slot" | "text" | "choice" | "number" | "flag";
  /** Other names people give it, in lower case letters and digits only. */
  readonly aliases: readonly string[];
  readonly choices: readonly string[];
  readonly most: number;
  readonly parameter: Parameter | null;
}

export interface Row {
  readonly id: number;
  readonly cells: Readonly<Record<string, string>>;
}

export type Problems = ReadonlyMap<number, Readonly<Record<string, string>>>;

const MATERIALS: Record<string, string> = { cu: "copper", au: "gold", ni: "nickel", mo: "molybdenum" };
/** Collection parameters that differ from grid to grid often enough to stand in the table. */
export const IN_TABLE: readonly string[] = ["squares_per_grid", "holes_per_square", "tilt_deg", "budget_minutes", "atlas_only"];
/** What a table without headings holds, from left to right. */
const WITHOUT_HEADINGS = ["position", "name", "sample", "hole_type", "mesh", "notes"];

const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Every column there can be; the table shows the usual ones, and those that some row uses. */
export function columnsOf(words: Words, protocols: readonly string[] = []): Column[] {
  const column = (key: string, title: string, kind: Column["kind"], aliases: string[], over: Partial<Column> = {}): Column => ({
    key, title, kind, aliases: [plain(key), plain(title), ...aliases], choices: [], most: 120, parameter: null, ...over,
  });
  return [
    column("position", "Slot", "slot", ["no", "nr", "number", "cassetteslot"]),
    column("name", "Grid", "text", ["gridname", "gridid", "id"], { most: 80 }),
    column("sample", "Sample", "text", ["samplename", "specimen", "protein"]),
    column("hole_type", "Film", "choice", ["holetype", "foilhole", "foil", "support", "holes", "holesize"], { choices: words.hole_types.map((one) => one.name) }),
    column("mesh", "Mesh", "choice", ["meshsize"], { choices: words.meshes.map((one) => one.name) }),
    column("mesh_material", "Material", "choice", ["meshmaterial", "bar", "metal"], { choices: words.mesh_materials }),
    ...(protocols.length === 0 ? [] : [column("protocol", "Protocol", "choice", ["preset", "template"], { choices: protocols })]),
    ...[...words.parameters].sort((a, b) => rankOf(a.name) - rankOf(b.name)).map((parameter) => {
      const kind = parameter.kind === "boolean" && parameter.default === false ? "flag" : parameter.kind === "number" || parameter.kind === "integer" ? "number" : "choice";
      const choices = parameter.kind === "boolean" ? ["yes", "no"] : parameter.choices;
      return column(parameter.name, TITLES[parameter.name] ?? titleOf(parameter), kind, SHORT[parameter.name] ?? [], { parameter, choices });
    }),
    column("notes", "Notes", "text", ["note", "comment", "comments", "remark", "remarks"], { most: 10_000 }),
  ];
}

/** "Image shift radius, µm": the unit stands behind, not in the name. */
function titleOf(parameter: Parameter): string {
  const words = parameter.name.replace(/_(um|nm|deg|h|s|angstrom_per_s|e_per_angstrom2)$/, "").replaceAll("_", " ");
  return `${words[0]!.toUpperCase()}${words.slice(1)}${parameter.unit === "" ? "" : `, ${parameter.unit}`}`;
}
const TITLES: Record<string, string> = { squares_per_grid: "Squares", holes_per_square: "Holes per square", tilt_deg: "Tilt °", atlas_only: "Atlas only", budget_minutes: "Minutes at most" };
const SHORT: Record<string, string[]> = { holes_per_square: ["holespersq"], tilt_deg: ["tilt", "tiltangle"], atlas_only: ["atlas"], budget_minutes: ["budget", "minutes"] };
const rankOf = (name: string): number => (IN_TABLE.indexOf(name) + 1 || IN_TABLE.length + 1);

/** The columns the table shows: the usual ones, and whatever a row says something about. */
export const shownOf = (columns: readonly Column[], rows: readonly Row[]): Column[] =>
  columns.filter((one) => one.parameter === null || IN_TABLE.includes(one.key) || rows.some((row) => (row.cells[one.key] ?? "") !== ""));

export interface Read {
  readonly rows: Row[];
  /** Headings of the pasted table that mean nothing here. */
  readonly unknown: string[];
}

/** A pasted table: its first row names the columns, or it has none and they come in our order. */
export function readTable(cells: readonly (readonly string[])[], columns: readonly Column[], firstId: number): Read {
  const first = cells[0] ?? [];
  const named = first.map((heading) => columns.find((column) => column.aliases.includes(plain(heading))) ?? null);
  const known = named.filter((column) => column !== null).length;
  const isHeading = known * 2 > first.filter((cell) => cell !== "").length || (known > 0 && namesColumns(cells));
  const order = isHeading ? named : WITHOUT_HEADINGS.map((key) => columns.find((column) => column.key === key) ?? null);
  const body = isHeading ? cells.slice(1) : cells;
  const rows = body.map((row, index) => ({
    id: firstId + index,
    cells: Object.fromEntries(row.flatMap((text, place) => (order[place] ? [[order[place].key, understood(order[place], text)]] : []))),
  }));
  return { rows, unknown: isHeading ? first.filter((heading, place) => heading !== "" && named[place] === null) : [] };
}

/* A table without headings begins with a slot; one whose first row has none there, while a later row has, names columns. */
function namesColumns([first = [], ...rest]: readonly (readonly string[])[]): boolean {
  const isSlot = (text: string | undefined): boolean => /^\d+$/.test(text ?? "");
  return !isSlot(first[0]) && rest.some((row) => isSlot(row[0]));
}

/** Headings of a table none of whose columns is known here; null where it may be read. */
export function unknownHeadings(cells: readonly (readonly string[])[], columns: readonly Column[]): string[] | null {
  const first = (cells[0] ?? []).filter((heading) => heading !== "");
  const isKnown = first.some((heading) => columns.some((column) => column.aliases.includes(plain(heading))));
  return isKnown || !namesColumns(cells) ? null : first;
}

/** What was typed, in the words of the column where they are recognised: "Cu" is copper, "R 1.2 / 1.3" a film. */
export function understood(column: Column, text: string): string {
  const said = text.trim();
  if (column.kind === "choice") {
    const wanted = plain(MATERIALS[said.toLowerCase()] ?? said);
    return column.choices.find((choice) => plain(choice) === wanted) ?? column.choices.find((choice) => wanted !== "" && plain(choice) === `r${wanted}`) ?? said;
  }
  if (column.kind === "flag") return /^(yes|y|true|1|x|✓)$/i.test(said) ? "yes" : /^(no|n|false|0|)$/i.test(said) ? "" : said;
  return said;
}

/** What is wrong, cell by cell; an empty map when every row can be planned. */
export function problemsOf(rows: readonly Row[], columns: readonly Column[], slots: number): Problems {
  const taken = new Map<string, number>();
  for (const row of rows) taken.set(row.cells["position"] ?? "", (taken.get(row.cells["position"] ?? "") ?? 0) + 1);
  const found = new Map<number, Record<string, string>>();
  for (const row of rows) {
    const wrong = Object.fromEntries(columns.flatMap((column) => {
      const text = row.cells[column.key] ?? "";
      const said = column.kind === "slot" && text !== "" && taken.get(text)! > 1 ? `slot ${text} is used twice` : wrongIn(column, text, slots);
      return said === "" ? [] : [[column.key, said]];
    }));
    if (Object.keys(wrong).length > 0) found.set(row.id, wrong);
  }
  return found;
}

function wrongIn(column: Column, text: string, slots: number): string {
  if (column.kind === "slot") return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= slots ? "" : `a slot from 1 to ${slots}`;
  if (column.key === "name" && text === "") return "give the grid a name";
  if (text.length > column.most) return `at most ${column.most} characters`;
  if (text === "") return "";
  if (column.kind === "choice" && !column.choices.includes(text)) return column.choices.length > 6 ? "not known; the field lists what is" : `one of ${column.choices.join(", ")}`;
  if (column.kind === "flag") return text === "yes" ? "" : "yes or empty";
  return column.kind === "number" && column.parameter !== null ? wrongNumber(column.parameter, text) : "";
}

function wrongNumber(parameter: Parameter, text: string): string {
  const value = Number(text.replace(",", "."));
  if (!Number.isFinite(value)) return "a number";
  if (parameter.kind === "integer" && !Number.isInteger(value)) return "a whole number";
  const { minimum, maximum } = parameter;
  if ((minimum !== null && value < minimum) || (maximum !== null && value > maximum)) return `from ${minimum ?? "any"} to ${maximum ?? "any"}`;
  return "";
}

/** The value of one cell into every row below it, down to the last. */
export function fillDown(rows: readonly Row[], id: number, key: string): Row[] {
  const from = rows.findIndex((row) => row.id === id);
  const value = rows[from]?.cells[key] ?? "";
  return rows.map((row, place) => (place > from ? { ...row, cells: { ...row.cells, [key]: value } } : row));
}

/** Cells pasted into the middle of the table, beginning at one cell; rows are added where they end. */
export function spread(rows: readonly Row[], id: number, key: string, cells: readonly (readonly string[])[], columns: readonly Column[]): Row[] {
  const from = rows.findIndex((row) => row.id === id);
  const left = columns.findIndex((column) => column.key === key);
  const next = [...rows];
  cells.forEach((line, down) => {
    const row = next[from + down] ?? { id: nextId(next), cells: {} };
    const written = line.flatMap((text, right) => {
      const column = columns[left + right];
      return column === undefined ? [] : [[column.key, understood(column, text)]];
    });
    next[from + down] = { ...row, cells: { ...row.cells, ...Object.fromEntries(written) } };
  });
  return next;
}

export const nextId = (rows: readonly Row[]): number => rows.reduce((most, row) => Math.max(most, row.id), 0) + 1;
export const isBlank = (row: Row): boolean => Object.entries(row.cells).every(([key, text]) => key === "position" || text === "");
export const firstFreeSlot = (rows: readonly Row[], slots: number): string => {
  const taken = new Set(rows.map((row) => row.cells["position"]));
  for (let slot = 1; slot <= slots; slot += 1) if (!taken.has(String(slot))) return String(slot);
  return "";
};

/** A row as the API wants it; cells left empty keep what the session says. */
export function bodyOf(row: Row, columns: readonly Column[]): Record<string, ParameterValue> {
  return Object.fromEntries(columns.flatMap((column): [string, ParameterValue][] => {
    const text = row.cells[column.key] ?? "";
    if (text === "") return [];
    if (column.kind === "flag") return [[column.key, true]];
    if (column.parameter?.kind === "boolean") return [[column.key, text === "yes"]];
    return [[column.key, column.kind === "slot" || column.kind === "number" ? Number(text.replace(",", ".")) : text]];
  }));
}

/** Rows as the text the API reads: their columns' names first, then one line each. */
export function asText(rows: readonly Row[], columns: readonly Column[]): string {
  const used = columns.filter((one) => rows.some((row) => (row.cells[one.key] ?? "") !== ""));
  const quoted = (text: string): string => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [used.map((one) => one.key), ...rows.map((row) => used.map((one) => quoted(row.cells[one.key] ?? "")))].map((line) => line.join("\t")).join("\n");
}
