/* Tables as text: what a spreadsheet puts on the clipboard, and CSV files with quotes. */

const DELIMITERS = ["\t", ";", ","] as const;

/** Rows of cells, trimmed; lines without any text are left out. Quotes may hold delimiters and line ends. */
export function cellsOf(text: string): string[][] {
  const delimiter = delimiterOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = (): void => {
    row.push(cell.trim());
    if (row.some((one) => one !== "")) rows.push(row);
    row = [];
    cell = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]!;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (sign === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (sign === delimiter) {
      row.push(cell.trim());
      cell = "";
    } else if (sign === "\n") endRow();
    else if (sign !== "\r") cell += sign;
  }
  endRow();
  return rows;
}

/* The first line decides; a tab always wins, since nobody types one into a name. */
function delimiterOf(text: string): string {
  const line = text.slice(0, text.search(/\r?\n/) === -1 ? text.length : text.search(/\r?\n/)).replaceAll(/"[^"]*"/g, "");
  return DELIMITERS.find((one) => line.includes(one)) ?? ",";
}
