/* What every list, edit and refusal of the API answers with; names are the API's. */

import type { Row } from "./row";

export interface Page<Row> {
  results: Row[];
  next: string | null;
  as_of_seq: number;
}

export interface Skipped {
  id: string;
  code: string;
  reason: string;
}

export interface BulkAnswer {
  changeset: string | null;
  matched: number;
  changed: number;
  skipped: Skipped[];
  /** What is missing for it to take effect, such as a run; "" for nothing. */
  advice: string;
}

export interface Changeset extends Row {
  session: string | null;
  author: string | null;
  summary: string;
  source: string;
  reverts: string | null;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: { path: string; message: string }[];
  request_id?: string;
}
