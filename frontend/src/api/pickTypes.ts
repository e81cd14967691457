/* Particles and denoised pictures of an exposure; names are the API's. */

import type { Row } from "./row";

/** How particles were looked for; `reason` says why there are none or why their count is in doubt. */
export interface Picking {
  state: string;
  error: string;
  method: string;
  method_version: string;
  diameter_angstrom: number | null;
  /** Null where a person gave the diameter. */
  diameter_spread_angstrom: number | null;
  other_diameter_angstrom: number | null;
  threshold: number | null;
  /** A person's; it wins. */
  own_threshold: number | null;
  reason: string;
  masked_fraction: number | null;
  mask_refusal: string;
}

/** The exposure without its noise, for looking only. */
export interface Denoised {
  state: string;
  error: string;
  image: string | null;
  method: string;
  method_version: string;
  tuned: boolean;
  refusal: string;
}

export interface SaidPlace {
  id: string;
  x_px: number;
  y_px: number;
  author: string | null;
  time: string;
}

/** Every pick as columns, best first, in pixels of the sum; `added` and `removed` are people's. */
export interface Picks extends Row, Picking {
  exposure: string;
  image: string;
  width_px: number;
  height_px: number;
  pixel_size_angstrom: number;
  asked_diameter_angstrom: number | null;
  /** A click so near a pick means that pick. */
  reach_px: number;
  particles: number | null;
  x_px: number[];
  y_px: number[];
  scores: number[];
  counts: boolean[];
  added: SaidPlace[];
  removed: SaidPlace[];
}

/** A file of particles; once `state` is done it can be fetched. */
export interface Export extends Row {
  grid: string;
  author: string | null;
  format: string;
  state: string;
  /** 0 to 1. */
  progress: number;
  message: string;
  particles: number | null;
  bytes: number | null;
  sha256: string;
  finished_at: string | null;
}
