/* Class colours that stay apart for colour-blind people, each with a letter that says it too.

   Okabe and Ito's set (2008), lightened where a stroke on a dark micrograph needs 3:1. */

export interface Ink {
  readonly colour: string;
  readonly letter: string;
}

const KNOWN: Record<string, Ink> = {
  good: { colour: "#3ddc97", letter: "G" },
  small: { colour: "#56b4e9", letter: "S" },
  fractured: { colour: "#e69f00", letter: "F" },
  partial: { colour: "#8f9bff", letter: "P" },
  contaminated: { colour: "#cc79a7", letter: "K" },
  dry: { colour: "#f0e442", letter: "D" },
  cracked: { colour: "#ff8a5c", letter: "C" },
  broken: { colour: "#ff8a5c", letter: "B" },
  thick: { colour: "#8f9bff", letter: "T" },
  thin: { colour: "#9ad8ff", letter: "N" },
  empty: { colour: "#f0e442", letter: "E" },
  hole: { colour: "#3ddc97", letter: "H" },
  off_lattice: { colour: "#e69f00", letter: "O" },
  bad: { colour: "#ff7b6b", letter: "X" },
};

const SPARE = ["#3ddc97", "#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#ff8a5c", "#8f9bff"];
export const UNLABELLED: Ink = { colour: "#b9c6cb", letter: "–" };
export const BELOW_LIMIT: Ink = { colour: "#cc79a7", letter: "‹" };
export const ABOVE_LIMIT: Ink = { colour: "#ff8a5c", letter: "›" };

/** The ink of a class; classes nobody foresaw get a colour by their name, always the same. */
export function inkOf(label: string): Ink {
  const name = label.trim().toLowerCase();
  if (name === "") return UNLABELLED;
  const known = KNOWN[name];
  if (known !== undefined) return known;
  const sum = [...name].reduce((total, character) => total + character.charCodeAt(0), 0);
  return { colour: SPARE[sum % SPARE.length]!, letter: name.slice(0, 2).toUpperCase() };
}

/** A dark-to-light ramp (a viridis-like set of stops) for measured values between two limits. */
const RAMP = ["#7a6fe0", "#4f9be8", "#2fc1b4", "#7bd65c", "#f5e04a"];
export const ramp = (value: number, low: number, high: number): string => RAMP[rampStep(value, low, high)]!;

/* Which of the ramp's few colours a value has. */
function rampStep(value: number, low: number, high: number): number {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return Math.min(RAMP.length - 1, Math.max(0, Math.round(share * (RAMP.length - 1))));
}
