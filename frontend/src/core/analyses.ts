/* Kinds of analysis, in a reader's words; the API's name where there is none. */

const KINDS: Readonly<Record<string, string>> = {
  find_squares: "squares of atlases",
  find_holes: "holes of squares",
  measure_exposure: "exposures",
  pick: "searches for particles",
  preview: "pictures to look at",
};

export const analysisWords = (kind: string): string => KINDS[kind] ?? kind.replaceAll("_", " ");
