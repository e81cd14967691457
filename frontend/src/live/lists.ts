/* Whole lists, page after page, for acts on more rows than one page holds. */

import { get } from "../api/client";
import type { Page } from "../api/answerTypes";

/** One edit takes no more rows. */
export const MOST_ROWS = 10_000;
const A_PAGE = 1_000;

export async function everything<Row>(path: string, query: Record<string, string | number | boolean>): Promise<Row[]> {
  const rows: Row[] = [];
  let asked: Record<string, string | number | boolean> = { ...query, limit: A_PAGE };
  while (rows.length < MOST_ROWS) {
    const page = await get<Page<Row>>(path, asked);
    rows.push(...page.results);
    if (page.next === null) break;
    const cursor = new URLSearchParams(page.next.slice(page.next.indexOf("?"))).get("cursor");
    if (cursor === null) break;
    asked = { ...asked, cursor };
  }
  return rows.slice(0, MOST_ROWS);
}
