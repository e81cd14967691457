/* Sessions, their grids and the ice found on them; names are the API's. */

import type { Row } from "./row";
import type { ParameterValue } from "./vocabularyTypes";

export interface Counts {
  grids: number;
  squares: number;
  holes: number;
  exposures: number;
}

export interface Session extends Row {
  name: string;
  date: string;
  group: string;
  microscope: string;
  state: string;
  wish: "run" | "pause" | "stop" | null;
  run: string | null;
  simulated: boolean;
  imported: boolean;
  counts: Counts;
  started_at: string | null;
  ended_at: string | null;
  notes: string;
  protocol: Record<string, ParameterValue>;
}

export interface Grid extends Row {
  slug: string;
  session: string;
  position: number;
  name: string;
  sample: string;
  hole_type: string;
  mesh: string;
  mesh_material: string;
  status: string;
  status_reason: string;
  protocol: Record<string, ParameterValue>;
  atlas: string | null;
  counts: {
    squares: number;
    /** Of a class that is worth imaging. */
    squares_good: number;
    squares_imaged: number;
    holes: number;
    exposures: number;
    exposures_analysed: number;
    exposures_judged: number;
    exposures_contaminated: number;
    waiting_for_analysis: number;
    /** Null while none was counted. */
    particles: number | null;
  };
  /** The usual count in a usable exposure; null while too few were counted. */
  particles_per_exposure: number | null;
  /** A picker that learnt from clicks; null: the protocol's. */
  picker: string | null;
  minutes_spent: number | null;
  expected_usable_holes: number | null;
  holes_in_range: number | null;
  success_rate: number | null;
  suggested_verdict: string;
  verdict: string;
  verdict_reasons: string[];
  confidence: number | null;
  ctf_fit_best_angstrom: number | null;
  ctf_fit_median_angstrom: number | null;
  /** A word of its group's own. */
  tag: string;
  /** When it is taken among those that have not begun; null for by slot. */
  turn: number | null;
  rank: number | null;
  notes: string;
}

/** Holes of a grid by ice thickness; the last count is of all that is thicker. */
export interface GridIce {
  grid: string;
  counts: number[];
  median_nm: number | null;
  unmeasured: number;
}

export interface IceHistograms {
  bin_nm: number;
  grids: GridIce[];
  as_of_seq: number;
}
