// The path a specimen took during a movie, as lines to draw; it knows nothing of the page.

export interface FieldMotion {
  /** x and y of each place, -1 to 1 from edge to edge of the frame. */
  places: number[][];
  /** For each place and frame x and y in Å, to be added to the frame's own shift. */
  shifts_angstrom: number[][][];
}

export interface Trace {
  /** Points "x,y x,y …" in a square of 100 x 100, x right, y down as in the picture. */
  points: string;
  start: [number, number];
}

export interface MotionTraces {
  whole: Trace;
  /** One for each place of the field, drawn around that place, at the same scale. */
  field: Trace[];
  /** How many Å one unit of the square stands for. */
  angstromPerUnit: number;
}

const SIDE = 100;
const MARGIN = 6;

/** Null when there are fewer than two frames or nothing moved. */
export function motionTraces(shifts: number[][] | null, field: FieldMotion | null): MotionTraces | null {
  if (shifts === null || shifts.length < 2) return null;
  const xs = shifts.map((shift) => shift[0]!);
  const ys = shifts.map((shift) => shift[1]!);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const span = Math.max(Math.max(...xs) - left, Math.max(...ys) - top);
  if (span <= 0) return null;
  const angstromPerUnit = span / (SIDE - 2 * MARGIN);
  const [middleX, middleY] = [(Math.max(...xs) + left) / 2, (Math.max(...ys) + top) / 2];
  const at = (x: number, y: number, centreX: number, centreY: number): [number, number] => [centreX + x / angstromPerUnit, centreY + y / angstromPerUnit];
  const whole = trace(shifts.map(([x, y]) => at(x! - middleX, y! - middleY, SIDE / 2, SIDE / 2)));
  const tracks = field?.shifts_angstrom ?? [];
  const traces = tracks.map((track, number) => {
    const [x, y] = field!.places[number]!;
    return trace(track.map((shift) => at(shift[0]!, shift[1]!, (SIDE * (x! + 1)) / 2, (SIDE * (y! + 1)) / 2)));
  });
  return { whole, field: traces, angstromPerUnit };
}

function trace(points: [number, number][]): Trace {
  return { points: points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "), start: points[0]! };
}

/** A round length in Å that takes 15 to 40 units, for the scale bar. */
export function scaleBar(angstromPerUnit: number): { angstrom: number; units: number } {
  const most = 40 * angstromPerUnit;
  const ten = 10 ** Math.floor(Math.log10(most));
  const angstrom = [5, 2, 1].map((factor) => factor * ten).find((length) => length <= most) ?? ten;
  return { angstrom, units: angstrom / angstromPerUnit };
}
