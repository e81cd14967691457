/* Three squares of a grid with their pictures and holes, read once, to try a limit on. */

import { get } from "../api/client";
import type { Image } from "../api/exposureTypes";
import type { Square } from "../api/targetTypes";
import type { Overlay } from "../core/columns";
import { targetsOf } from "../core/columns";
import type { Target } from "../core/overlay";
import { spreadOver } from "../core/samples";
import { everything } from "./lists";

export interface SampleSquare {
  readonly slug: string;
  readonly image: Image;
  readonly targets: readonly Target[];
}
const SHOWN = 3;

/** Squares whose holes are known; fewer than three where there are no more. */
export async function sampleSquares(grid: string): Promise<SampleSquare[]> {
  const known = await everything<Square>("squares", { grid, status: "analysed,done", external: false, fields: "id,slug,image" });
  const seen = known.filter((square) => square.image !== null);
  const wanted = new Set(spreadOver(seen.map((square) => square.id), SHOWN));
  const read = seen
    .filter((square) => wanted.has(square.id))
    .map(async ({ id, slug, image }): Promise<SampleSquare | null> => {
      const [picture, overlay] = await Promise.all([get<Image>(`images/${image}`), get<Overlay>(`squares/${id}/overlay`)]);
      return picture.has_preview ? { slug, image: picture, targets: targetsOf(overlay) } : null;
    });
  return (await Promise.all(read)).filter((one) => one !== null);
}
