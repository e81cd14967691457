/* What the API says of plans: protocols under a name, the cassette, and the look before a start. */

import type { ParameterValue } from "./vocabularyTypes";

export interface Preset {
  /** null for the service's own. */
  id: string | null;
  name: string;
  description: string;
  is_default: boolean;
  author: string | null;
  protocol: Record<string, ParameterValue>;
  /** What differs from the facility's default. */
  differs: Record<string, ParameterValue>;
}

export interface Inventory {
  slots: { slot: number; occupied: boolean | null; name: string }[];
  loaded_position: number | null;
  read_at: string | null;
}

export interface ReadRow {
  line: number;
  good: boolean;
  cells: Record<string, string>;
  problems: { column: string; message: string }[];
}

export interface ReadManifest {
  columns: string[];
  rows: ReadRow[];
  problems: { column: string; message: string }[];
}

export interface Preflight {
  /** Why a start would be refused or do nothing. */
  blocked: string[];
  checks: { subject: string; verdict: string; told: string; advice: string }[];
  grids: {
    id: string;
    slug: string;
    name: string;
    position: number;
    minutes: number;
    squares: number;
    exposures: number;
    gigabytes: number;
    /** Too little history on this microscope for some of these figures. */
    assumed: boolean;
    differs: Record<string, ParameterValue>;
  }[];
  minutes: number;
  gigabytes: number;
  exchanges: number;
  first_steps: { kind: string; words: string }[];
  as_of_seq: number;
}
