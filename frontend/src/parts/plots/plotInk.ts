/* Colours of plots, read from the one file that chooses them, so that both themes fit. */

export interface PlotInk {
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly point: string;
  readonly rejected: string;
  readonly chosen: string;
  readonly middle: string;
  readonly band: string;
}

export function plotInk(): PlotInk {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return { text: of("--text"), soft: of("--soft"), line: of("--line"), point: of("--info"), rejected: of("--bad"), chosen: of("--warn"), middle: of("--accent"), band: of("--warn-ground") };
}
