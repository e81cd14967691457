/* What was worked out from a grid's particles; names are the API's. */

import type { Row } from "./row";

/** How a picker judges clicks that it was not shown: of `shown` particles `hits` were found, of those `taken_away` `kept` are still picked. */
export interface Learnt {
  clicks: number;
  exposures: number;
  shown: number;
  hits: number;
  taken_away: number;
  kept: number;
  f1: number;
}

export interface ParticleClass {
  count: number;
  junk: boolean;
  score: number;
  chance: number;
  resolution_angstrom: number | null;
}

/** Classes as they lie in the picture from left to right. */
export interface Averages {
  particles: number;
  exposures: number;
  box_px: number;
  pixel_size_angstrom: number;
  junk_particles: number;
  classes: ParticleClass[];
}

export interface ParticleStudy extends Row {
  grid: string;
  author: string | null;
  kind: "learnt-picker" | "class-averages";
  /** Counted per grid and kind, from 1. */
  number: number;
  diameter_angstrom: number | null;
  state: string;
  /** 0 to 1. */
  progress: number;
  message: string;
  finished_at: string | null;
  bytes: number | null;
  learnt: Learnt | null;
  averages: Averages | null;
}
