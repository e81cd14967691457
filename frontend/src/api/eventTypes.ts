/* Events as the log gives them; names are the API's. */

import type { ThinEvent } from "../core/connection";

export interface EventsAnswer {
  results: ThinEvent[];
  log_id: string;
  oldest_seq: number;
  head_seq: number;
  /** The position asked for means nothing in this log. */
  resync: boolean;
}

export interface WholeEvent extends ThinEvent {
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}
