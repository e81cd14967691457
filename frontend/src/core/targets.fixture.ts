/* A target for tests: found, unmeasured, unlabelled, with what a test says of it. */

import type { Target } from "./overlay";

export const target = (over: Partial<Target> = {}): Target => ({
  id: "1",
  slug: "g01-s01",
  x: 0,
  y: 0,
  status: "found",
  label: "",
  modelLabel: "",
  probability: null,
  queuePosition: null,
  ice: null,
  intensity: null,
  score: null,
  area: null,
  ctf: null,
  defocus: null,
  drift: null,
  reason: "",
  group: null,
  groupRole: "",
  cluster: null,
  predicted: false,
  external: false,
  ...over,
});
