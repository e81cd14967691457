/* Exposures, what was measured on them, and images; names are the API's. */

import type { FieldMotion } from "../core/motionTrace";
import type { Denoised, Picking } from "./pickTypes";
import type { Row } from "./row";

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
  /** By rings and stage together; null on a level stage. */
  specimen_tilt_deg: number | null;
  specimen_tilt_error_deg: number | null;
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
  /** Since then only the preview can be seen: retention took the rest away. */
  removed_at: string | null;
}
