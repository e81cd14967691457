/* An atlas and what is chosen on it: squares, holes and their groups; names are the API's. */

import type { Row } from "./row";

export interface Atlas extends Row {
  grid: string;
  image: string | null;
  needs_review: boolean;
}

export interface Square extends Row {
  grid: string;
  number: number;
  slug: string;
  status: string;
  reason: string;
  /** Why it was chosen among its like; blank while it was not. */
  chosen_because: string;
  label: string;
  model_label: string;
  probability: number | null;
  queue_position: number | null;
  area_um2: number | null;
  /** In the atlas picture; null where it was given by its place on the stage alone. */
  x_px: number | null;
  y_px: number | null;
  stage_x_um: number;
  stage_y_um: number;
  stage_z_um: number | null;
  external: boolean;
  image: string | null;
}

export interface Hole extends Row {
  square: string;
  number: number;
  slug: string;
  status: string;
  reason: string;
  /** Why it was chosen among its like; blank while it was not. */
  chosen_because: string;
  label: string;
  model_label: string;
  group: string | null;
  group_role: string;
  stage_x_um: number;
  stage_y_um: number;
  x_px: number;
  y_px: number;
  radius_um: number;
  ice_thickness_nm: number | null;
  ice_thickness_error_nm: number | null;
  dose_uncertain: boolean;
}

export interface Group extends Row {
  square: string;
  members: string[];
  number: number;
  slug: string;
  status: string;
  /** Why it was chosen among its like; blank while it was not. */
  chosen_because: string;
  longest_shift_um: number;
  defocus_um: number | null;
  view_image: string | null;
  /** How far the lattice was seen from its map in the view, µm; null where it was not recognised. */
  seen_offset_x_um: number | null;
  seen_offset_y_um: number | null;
}
