/* Grids that exist as rows of the plan's table, and what was changed in them. */

import type { Grid } from "../api/sessionTypes";
import type { ParameterValue } from "../api/vocabularyTypes";
import { bodyOf, type Column, type Row } from "./manifest";

/** A grid as a row; parameters that are the default stand as empty cells. */
export function rowOf(grid: Grid, id: number, columns: readonly Column[], edits: Readonly<Record<string, string>>): Row {
  const said = (column: Column): string => {
    const value = column.parameter === null ? (grid as unknown as Record<string, ParameterValue>)[column.key] : grid.protocol[column.key];
    if (column.kind === "flag") return value === true ? "yes" : "";
    if (value === null || value === undefined || (column.parameter !== null && value === column.parameter.default)) return "";
    return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  };
  return { id, cells: { ...Object.fromEntries(columns.map((column) => [column.key, said(column)])), ...edits } };
}

/** What a row changes of its grid; a parameter's cell emptied goes back to its default. */
export function changesOf(grid: Grid, row: Row, columns: readonly Column[]): Record<string, ParameterValue> {
  const was = rowOf(grid, row.id, columns, {});
  const now = bodyOf(row, columns);
  return Object.fromEntries(columns.flatMap((column): [string, ParameterValue][] => {
    const { key } = column;
    if (column.kind === "slot" || (row.cells[key] ?? "") === (was.cells[key] ?? "")) return [];
    return [[key, now[key] ?? column.parameter?.default ?? ""]];
  }));
}

/** Cells changed and not saved yet, by grid and column. */
export type Edits = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What stood in each changed cell when its change began; `now` tells what stands there today. */
export function begunWith(begun: Edits, edits: Edits, now: (grid: string, column: string) => string): Edits {
  return Object.fromEntries(Object.entries(edits).map(([grid, cells]) => [grid, Object.fromEntries(Object.keys(cells).map((key) => [key, begun[grid]?.[key] ?? now(grid, key)]))]));
}

/** Of one grid, what another person wrote since into cells that are being changed here, in words. */
export function meanwhile(now: Readonly<Record<string, string>>, begun: Readonly<Record<string, string>>, edits: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(edits).flatMap(([key, text]) => {
    const [there = "", was] = [now[key], begun[key]];
    return was === undefined || there === was || there === text ? [] : [[key, `meanwhile ${there === "" ? "emptied" : `“${there}”`}; saving replaces it`]];
  }));
}
