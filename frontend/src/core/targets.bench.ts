/* What the workbench's quickest acts cost with 10,000 and 30,000 targets: `npm run bench`. */

import { bench, describe } from "vitest";
import { boxed, enclosed } from "./lasso";
import { legend } from "./overlay";
import { geometryOf, looksOf, samePlaces } from "./scene";
import { target } from "./targets.fixture";

const LIMITS = { low: 10, high: 100 };
const CLASSES = ["good", "thick", "empty", "broken"];
const film = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    target({ id: `${at}`, slug: `g01-s01-h${at}`, x: (at % 200) * 20, y: Math.floor(at / 200) * 20, radius: 8, modelLabel: CLASSES[at % 4]!, status: at % 5 === 0 ? "queued" : "found", ice: (at * 7) % 130 }),
  );
/* A hand's line: wavy, and crossing most of the film. */
const line = (points: number, across: number) =>
  Array.from({ length: points }, (_, at) => {
    const angle = (2 * Math.PI * at) / points;
    const reach = (0.42 + 0.05 * Math.sin(9 * angle)) * across;
    return { x: across / 2 + reach * Math.cos(angle), y: across / 2 + reach * Math.sin(angle) };
  });

for (const count of [10_000, 30_000]) {
  const targets = film(count);
  const geometry = geometryOf(targets);
  const across = 4000;
  const drawn = line(200, across);
  const changed = targets.map((one) => ({ ...one, status: "done" }));
  describe(`${count} targets`, () => {
    bench("lasso of 200 points", () => void enclosed(geometry, drawn));
    bench("box", () => void boxed(geometry, { x: 100, y: 100 }, { x: 3000, y: 900 }));
    bench("recolour by class", () => void looksOf(targets, "class", LIMITS, () => false));
    bench("recolour by ice", () => void looksOf(targets, "ice", LIMITS, () => false));
    bench("legend", () => void legend(targets, "ice", LIMITS));
    bench("places anew", () => void geometryOf(targets));
    bench("same places after a change", () => void samePlaces(targets, changed));
  });
}
