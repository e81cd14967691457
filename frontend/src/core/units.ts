/* Every number on the page passes here: unit, decimals, and what is not known yet. */

export const UNKNOWN = "not measured yet";
const NARROW_SPACE = "\u202f";

type Maybe = number | null | undefined;

function fixed(value: Maybe, decimals: number, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return `${minus(value.toFixed(decimals))}${NARROW_SPACE}${unit}`;
}

const minus = (text: string): string => (/^-0(\.0+)?$/.test(text) ? text.slice(1) : text.replace("-", "\u2212"));

export const defocus = (um: Maybe): string => fixed(um, 2, "µm");
export const measuredDefocus = (um: Maybe, errorUm: Maybe): string =>
  um === null || um === undefined || errorUm === null || errorUm === undefined ? defocus(um) : fixed(um, 3, `± ${errorUm.toFixed(3)}${NARROW_SPACE}µm`);
export const ctfFit = (angstrom: Maybe): string => fixed(angstrom, 1, "Å");
export const ice = (nm: Maybe): string => fixed(nm, 0, "nm");
export function iceByRings(nm: Maybe, errorNm: Maybe, atMost: boolean): string {
  if (nm === null || nm === undefined) return UNKNOWN;
  return atMost ? `under ${nm.toFixed(0)} nm` : `${nm.toFixed(0)} ± ${(errorNm ?? 0).toFixed(0)} nm`;
}
export const astigmatism = (nm: Maybe): string => fixed(nm, 0, "nm");
export const drift = (angstrom: Maybe): string => fixed(angstrom, 1, "Å");
export const stage = (um: Maybe): string => fixed(um, 2, "µm");
export const counts = (perPixel: Maybe): string => fixed(perPixel, 1, "per pixel");
export const tilt = (deg: Maybe): string => fixed(deg, 1, "°");
export const dose = (perA2: Maybe): string => fixed(perA2, 1, "e/Å²");
export const pixelSize = (angstrom: Maybe): string =>
  angstrom !== null && angstrom !== undefined && angstrom >= 1000 ? fixed(angstrom / 10_000, 2, "µm/px") : fixed(angstrom, 2, "Å/px");
export const lengthUm = (um: number): string =>
  um >= 1 ? `${+um.toPrecision(3)}${NARROW_SPACE}µm` : `${Math.round(um * 1000)}${NARROW_SPACE}nm`;

/** Room and files, in steps of a thousand. */
export function bytes(value: Maybe): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const steps = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = Math.min(steps.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
  const shown = value / 1000 ** step;
  return `${shown < 10 && step > 0 ? shown.toFixed(1) : Math.round(shown)}${NARROW_SPACE}${steps[step]}`;
}

/** A tick of an axis, with as many decimals as its `step` has. */
export function tickText(value: number, step: number): string {
  let decimals = 0;
  while (decimals < 6 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) decimals += 1;
  return decimals === 0 ? minus(count(value)) : minus(value.toFixed(decimals));
}

export function percent(share: Maybe): string {
  return share === null || share === undefined ? UNKNOWN : `${Math.round(share * 100)}${NARROW_SPACE}%`;
}

export function count(value: Maybe): string {
  return value === null || value === undefined ? UNKNOWN : Math.round(value).toLocaleString("en-US");
}

/** "14 holes", "1 hole". */
export function many(value: number, one: string, more: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** "12 s", "4 min 05 s", "2 h 14 min", "3 d 4 h": two parts at most, never a fraction. */
export function duration(seconds: Maybe): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}${NARROW_SPACE}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${NARROW_SPACE}min ${two(whole % 60)}${NARROW_SPACE}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}${NARROW_SPACE}h ${two(Math.floor(whole / 60) % 60)}${NARROW_SPACE}min`;
  return `${Math.floor(whole / 86_400)}${NARROW_SPACE}d ${Math.floor(whole / 3600) % 24}${NARROW_SPACE}h`;
}

export const minutes = (value: Maybe): string => duration(value === null || value === undefined ? value : value * 60);

/** Time of day on the reader's clock. */
export function clock(at: string | number | Date, zone?: string): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", ...(zone ? { timeZone: zone } : {}) });
}

/** The value of a collection parameter as people read it. */
export function parameter(value: unknown, unit: string): string {
  if (value === null || value === undefined || value === "") return "off";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return unit === "" ? String(value) : `${String(value)}${NARROW_SPACE}${unit}`;
}
