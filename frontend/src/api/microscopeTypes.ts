/* Microscopes, how they stand and who drives them; names are the API's. */

import type { Row } from "./row";

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

export interface Command extends Row {
  type: string;
  state: string;
  reason: string;
  wished_by: string | null;
}
