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
