/* The shapes of the API's answers that the dashboard reads; names are the API's. */

import type { Overlay } from "../core/columns";
import type { ThinEvent } from "../core/connection";
import type { FieldMotion } from "../core/motionTrace";
import type { Denoised, Picking } from "./pickTypes";
import type { Row } from "./row";

export type { Overlay, Row, ThinEvent };
export type { Dose, DoseLedger, Step, StepItem } from "./journalTypes";

export interface Page<Row> {
  results: Row[];
  next: string | null;
  as_of_seq: number;
}

export interface Me {
  id: string;
  username: string;
  name: string;
  staff: boolean;
  admin: boolean;
  groups: { name: string; role: "viewer" | "member" | "lead" }[];
  microscopes: { id: string; operator: boolean }[];
}

export interface Microscope extends Row {
  name: string;
  location: string;
  vendor: string;
  voltage_kv: number;
  loader_slots: number;
  simulated: boolean;
  state: string;
  state_reason: string;
  since: string | null;
  seconds_since_last_image: number | null;
  loaded_position: number | null;
  /** Why it is not known which grid is on the stage; "" while it is. */
  stage_doubt: string;
  /** A person's answer that no bridge has taken up: a slot, 0 for none. */
  stage_answer: number | null;
  stage_x_um: number | null;
  stage_y_um: number | null;
  stage_z_um: number | null;
  tilt_deg: number | null;
  valves_open: boolean | null;
  vacuum_ready: boolean | null;
  dewars_filling: boolean | null;
  /** null where the instrument does not tell it. */
  next_filling_in_s: number | null;
  stage_temperature_k: number | null;
  autoloader_temperature_k: number | null;
  run: string | null;
  session: string | null;
  /** The person at the helm. */
  driver: string | null;
  /** "" where no safety agent is set up. */
  agent_state: string;
}

/** Room for images; null where it cannot be measured, or nothing was written lately. */
export interface StorageRoom {
  free_bytes: number | null;
  total_bytes: number | null;
  written_bytes_per_h: number | null;
  full_in_h: number | null;
  as_of_seq: number;
}

export interface Detector extends Row {
  microscope: string;
  number: number;
  name: string;
  model: string;
}

/** How a microscope stands: what it does or waits for, since when, what comes next. */
export interface Outlook {
  standing: string;
  words: string;
  since: string | null;
  cause: string;
  advice: string;
  step: { number: number; kind: string; state: string; began_at_s: number; images_done: number; images: number } | null;
  next: { kind: string; words: string; condition: string } | null;
  wish: string;
  wished_by: string;
  as_of_seq: number;
}

/** Who is at the helm, until when, and who asks for it. */
export interface DriverLease {
  microscope: string;
  holder: string | null;
  mine: boolean;
  taken_at: string | null;
  expires_at: string | null;
  asked_by: string | null;
  asked_by_me: boolean;
  /** When silence hands over. */
  answer_by: string | null;
  may_drive: boolean;
  as_of_seq: number;
}

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

export type ParameterValue = number | boolean | string | null;

export interface Parameter {
  name: string;
  kind: string;
  default: ParameterValue;
  nullable: boolean;
  minimum: number | null;
  maximum: number | null;
  /** Of a parameter of kind "choice". */
  choices: string[];
  unit: string;
  help: string;
}

export interface LabelWord {
  name: string;
  /** A target with this label is not imaged. */
  excludes: boolean;
}

export interface Vocabulary {
  hole_types: { name: string; diameter_um: number | null; pitch_um: number | null }[];
  meshes: { name: string; opening_um: number; bar_um: number }[];
  mesh_materials: string[];
  square_labels: LabelWord[];
  hole_labels: LabelWord[];
  exposure_labels: LabelWord[];
  parameters: Parameter[];
}

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

/** An exposure on pixels of half the side; `refusal` says why its movie holds nothing finer. */
export interface FineSum {
  state: string;
  image: string | null;
  refusal: string;
  error: string;
  expected_to_angstrom: number | null;
  /** Agreement of even and odd frames beyond the camera's pixels, in standard errors. */
  beyond_nyquist_z: number | null;
}

export interface Exposure extends Row {
  hole: string;
  square: string;
  slug: string;
  sum_image: string | null;
  /** Frames weighed by what the beam has left of them; null where the dose was not known. */
  weighted_image: string | null;
  spectrum_image: string | null;
  /** Null until somebody asked for it. */
  fine_sum: FineSum | null;
  /** Null until particles were to be looked for. */
  picking: Picking | null;
  /** Null until somebody asked for it. */
  denoised: Denoised | null;
  status: string;
  reason: string;
  /** Why it was given up unmeasured; "" otherwise. */
  trouble: string;
  /** What to check though it was measured; "" for nothing. */
  warnings: string;
  frames: number;
  pixel_size_angstrom: number;
  dose_e_per_angstrom2: number;
  target_defocus_um: number | null;
  recorded_at: string;
  analysed_at: string | null;
  drift_total_angstrom: number | null;
  /** Where the specimen was in each frame, x and y in Å. */
  shifts_angstrom: number[][] | null;
  field_motion: FieldMotion | null;
  ice_thickness_nm: number | null;
  ice_rings_nm: number | null;
  ice_rings_error_nm: number | null;
  /** The thickness by rings is only a limit. */
  ice_rings_at_most: boolean;
  defocus_um: number | null;
  defocus_error_um: number | null;
  astigmatism_nm: number | null;
  astigmatism_axis_deg: number | null;
  ctf_fit_angstrom: number | null;
  /** Why no CTF is claimed though one was sought; blank otherwise. */
  ctf_refusal: string;
  /** One of eight classes, `unknown`, or blank until judged. */
  quality_class: string;
  quality_probability: number | null;
  quality_reasons: string;
  quality_refusal: string;
  quality_plugin: string;
  contaminated_fraction: number | null;
  particles: number | null;
  label: string;
}

export interface Image extends Row {
  kind: string;
  width_px: number;
  height_px: number;
  pixel_size_angstrom: number;
  stage_x_um: number | null;
  stage_y_um: number | null;
  /** [a, b, tx, c, d, ty], µm; null where it has no place on the stage. */
  pixel_to_stage: number[] | null;
  /** Derived a moment after the image was taken. */
  has_preview: boolean;
  has_tiles: boolean;
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

export interface Command extends Row {
  type: string;
  state: string;
  reason: string;
  wished_by: string | null;
}

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

export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: { path: string; message: string }[];
  request_id?: string;
}
