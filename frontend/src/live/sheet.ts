/* Exposures and holes as items of a contact sheet: all once, then those that changed. */

import { get } from "../api/client";
import type { Image } from "../api/exposureTypes";
import type { Item } from "../core/triage";
import * as units from "../core/units";
import { everything } from "./lists";

export type Subject = "exposures" | "holes";

interface ExposureRow {
  id: string;
  slug: string;
  hole: string;
  sum_image: string | null;
  spectrum_image: string | null;
  label: string;
  ctf_fit_angstrom: number | null;
  defocus_um: number | null;
  ice_thickness_nm: number | null;
  drift_total_angstrom: number | null;
  exposed_at_s: number;
  updated_at: string;
}
interface HoleRow {
  id: string;
  slug: string;
  square: string;
  x_px: number;
  y_px: number;
  radius_um: number;
  label: string;
  model_label: string;
  score: number | null;
  ice_thickness_nm: number | null;
  status: string;
  created_at: string;
  updated_at: string;
}

const FIELDS: Record<Subject, string> = {
  exposures: "id,slug,hole,sum_image,spectrum_image,label,ctf_fit_angstrom,defocus_um,ice_thickness_nm,drift_total_angstrom,exposed_at_s,updated_at",
  holes: "id,slug,square,x_px,y_px,radius_um,label,model_label,score,ice_thickness_nm,status,created_at,updated_at",
};

/** A part of a picture that shows one hole; pixels of the picture. */
export interface Crop {
  readonly image: Image;
  readonly x: number;
  readonly y: number;
  readonly half: number;
}
export interface Sheet {
  readonly of: Subject;
  readonly items: ReadonlyMap<string, Item>;
  readonly crops: ReadonlyMap<string, Crop>;
  /** When the newest row that was read had been changed. */
  readonly until: string;
}
export const NO_SHEET: Sheet = { of: "exposures", items: new Map(), crops: new Map(), until: "" };

/** A row is stamped before it can be read; what was read within this time is read again. */
const LONGEST_TRANSACTION_MS = 60_000;
/** A hole fills this share of its tile. */
const HOLE_SHARE = 0.5;

function exposureItem(row: ExposureRow): Item {
  return {
    id: row.id,
    slug: row.slug,
    image: row.sum_image,
    inset: row.spectrum_image,
    label: row.label,
    modelLabel: "",
    merit: row.ctf_fit_angstrom === null ? null : -row.ctf_fit_angstrom,
    certainty: null,
    at: row.exposed_at_s,
    facts: [
      ["CTF", row.ctf_fit_angstrom === null ? "–" : units.ctfFit(row.ctf_fit_angstrom)],
      ["def.", row.defocus_um === null ? "–" : units.defocus(row.defocus_um)],
      ["ice", row.ice_thickness_nm === null ? "–" : units.ice(row.ice_thickness_nm)],
      ["drift", row.drift_total_angstrom === null ? "–" : units.drift(row.drift_total_angstrom)],
    ],
  };
}

function holeItem(row: HoleRow): Item {
  return {
    id: row.id,
    slug: row.slug,
    image: null,
    inset: null,
    label: row.label,
    modelLabel: row.model_label,
    merit: row.score,
    certainty: row.score === null ? null : Math.abs(row.score - 0.5),
    at: Date.parse(row.created_at) / 1000,
    facts: [
      ["ice", row.ice_thickness_nm === null ? "–" : units.ice(row.ice_thickness_nm)],
      ["score", row.score === null ? "–" : row.score.toFixed(2)],
      ["", row.status],
    ],
  };
}

export class SheetReader {
  private readonly pictures = new Map<string, Promise<Image | null>>();

  constructor(
    private readonly subject: Subject,
    private readonly scope: Record<string, string>,
  ) {}

  /** What changed since `before`, put in; everything when there is nothing before. */
  async read(shown: Sheet): Promise<Sheet> {
    const before = shown.of === this.subject ? shown : NO_SHEET;
    const since: Record<string, string> = before.until === "" ? {} : { updated_at__gt: new Date(Date.parse(before.until) - LONGEST_TRANSACTION_MS).toISOString() };
    const asked = { ...this.scope, ...since, fields: FIELDS[this.subject] };
    const items = new Map(before.items);
    const crops = new Map(before.crops);
    let until = before.until;
    const rows = await everything<ExposureRow | HoleRow>(this.subject, asked);
    for (const row of rows) {
      if (row.updated_at > until) until = row.updated_at;
      if ("sum_image" in row) {
        items.set(row.id, exposureItem(row));
        continue;
      }
      items.set(row.id, holeItem(row));
      const picture = crops.has(row.id) ? null : await this.picture(row.square);
      if (picture !== null) crops.set(row.id, { image: picture, x: row.x_px, y: row.y_px, half: (row.radius_um / (picture.pixel_size_angstrom / 10_000)) / HOLE_SHARE });
    }
    return { of: this.subject, items, crops, until };
  }

  private picture(square: string): Promise<Image | null> {
    let known = this.pictures.get(square);
    if (known === undefined) {
      known = get<{ image: string | null }>(`squares/${square}`).then(async ({ image }) => {
        const found = image === null ? null : await get<Image>(`images/${image}`);
        return found !== null && found.has_preview ? found : null;
      });
      this.pictures.set(square, known);
    }
    return known;
  }
}
