/* Steps of the journal, and what beam a target has had. */

import type { Row } from "./row";

export interface StepItem {
  name: string;
  hole: string | null;
  state: string;
  issued_at_s: number | null;
  dose_e_per_angstrom2: number;
}

/** One step of the journal. */
export interface Step extends Row {
  run: string;
  number: number;
  kind: string;
  grid: string | null;
  grid_slug: string | null;
  epoch: number;
  state: string;
  reason: string;
  error: string;
  began_at_s: number;
  duration_s: number | null;
  items: StepItem[];
}

export interface Dose {
  area: string;
  certainty: "given" | "possible";
  dose_e_per_angstrom2: number;
  at_s: number | null;
  step: string;
  step_number: number;
  epoch: number;
  item: string;
  target: string;
  images: number;
  /** The beam landed beside the target: focus and drift. */
  is_beside: boolean;
  beside_um: number | null;
}

/** What beam a target has had. */
export interface DoseLedger {
  of: string;
  planned_e_per_angstrom2: number;
  given_e_per_angstrom2: number;
  possible_e_per_angstrom2: number;
  beside_e_per_angstrom2: number;
  uncertain: boolean;
  areas: { area: string; is_beside: boolean; images: number; given_e_per_angstrom2: number; possible_e_per_angstrom2: number }[];
  doses: Dose[];
  left_out: number;
  as_of_seq: number;
}
