/* How a plot of exposures is drawn: points, rejected points as crosses, the chosen ones, a running median. */

import uPlot from "uplot";
import type { Incident } from "../../core/incidents";
import type { Scale } from "../../core/limitLine";
import { tickText } from "../../core/units";
import type { Drawn } from "../../core/series";
import type { PlotInk } from "./plotInk";

interface Asked {
  readonly width: number;
  readonly height: number;
  readonly against: "time" | "number";
  readonly title: string;
  readonly unit: string;
  readonly ink: PlotInk;
  readonly incidents: () => readonly Incident[];
  readonly brushed: (box: { x: [number, number]; y: [number, number] }) => void;
  readonly pointed: (at: number | null) => void;
  /** Where values lie on screen now. */
  readonly scaled: (scale: Scale) => void;
}

export function optionsOf(asked: Asked): uPlot.Options {
  const { ink } = asked;
  const points = (stroke: string, size: number, fill: string): uPlot.Series => ({ paths: () => null, points: { show: true, size, stroke, fill, width: 1 }, stroke });
  return {
    width: asked.width,
    height: asked.height,
    legend: { show: false },
    cursor: { sync: { key: `exposures-${asked.against}`, filters: { pub: isPointing } }, drag: { x: true, y: true, setScale: false }, points: { show: false }, focus: { prox: 12 } },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: asked.against === "time" } },
    // the microscope's clock is told in UTC everywhere
    tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1000), "Etc/UTC"),
    axes: [{ ...axis(ink, 28), ...(asked.against === "time" ? { values: CLOCK } : {}) }, { ...axis(ink, 46), size: 52, values: (_plot, splits, _axis, _space, step) => splits.map((value) => tickText(value, step)) }],
    series: [
      {},
      points(ink.point, 5, ink.point),
      { paths: () => null, points: { show: true, size: 7, width: 1.5, stroke: ink.rejected, paths: crosses }, stroke: ink.rejected },
      { stroke: ink.middle, width: 2, points: { show: false }, spanGaps: false },
      points(ink.chosen, 9, "transparent"),
    ],
    hooks: {
      drawClear: [(plot) => bands(plot, asked, ink)],
      draw: [(plot) => tellScale(plot, asked)],
      setSelect: [(plot) => told(plot, asked)],
      setCursor: [(plot) => asked.pointed(plot.cursor.idx ?? null)],
    },
  };
}

/* Interval in seconds, then how it is written there, at a new year, month, day, hour, minute and second. */
const CLOCK: uPlot.Axis.Values = [
  [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{DD}.{MM}.", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
];

/* All plots follow the pointer; a drag belongs to its own plot, or each would choose anew. */
const isPointing = (type: string, plot: uPlot): boolean => (type === "mousemove" || type === "mouseleave") && !plot.cursor.event?.buttons;

/** Columns in the order of `optionsOf`'s series. */
export function dataOf(shown: Drawn, isChosen: (row: number) => boolean): uPlot.AlignedData {
  const chosen = shown.rows.map((row, at) => (row >= 0 && isChosen(row) ? (shown.usable[at] ?? shown.rejected[at] ?? null) : null));
  return [shown.x, shown.usable, shown.rejected, shown.middle, chosen];
}

const axis = (ink: PlotInk, size: number): uPlot.Axis => ({ stroke: ink.soft, grid: { stroke: ink.line, width: 1 }, ticks: { stroke: ink.line, width: 1 }, font: "12px system-ui, sans-serif", size });

function told(plot: uPlot, asked: Asked): void {
  const { left, top, width, height } = plot.select;
  if (width < 3 && height < 3) return;
  const x = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")] as [number, number];
  const y = height < 3 ? ([-Infinity, Infinity] as [number, number]) : ([plot.posToVal(top + height, "y"), plot.posToVal(top, "y")] as [number, number]);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  asked.brushed({ x, y });
}

/* Rejected ones differ by shape, not by colour alone. */
const crosses = (plot: uPlot, series: number, first: number, last: number, wanted?: number[] | null) => {
  const path = new Path2D();
  const size = 3.5 * devicePixelRatio;
  const add = (at: number): void => {
    const value = plot.data[series]![at];
    if (value === null || value === undefined) return;
    const x = plot.valToPos(plot.data[0]![at]!, "x", true);
    const y = plot.valToPos(value, "y", true);
    path.moveTo(x - size, y - size);
    path.lineTo(x + size, y + size);
    path.moveTo(x + size, y - size);
    path.lineTo(x - size, y + size);
  };
  if (wanted) wanted.forEach(add);
  else for (let at = first; at <= last; at += 1) add(at);
  return { stroke: path, fill: null, clip: null, flags: 3 };
};

function tellScale(plot: uPlot, asked: Asked): void {
  const { min, max } = plot.scales["y"]!;
  if (min === undefined || max === undefined || min === null || max === null) return;
  asked.scaled({ low: min, high: max, top: plot.bbox.top / devicePixelRatio, height: plot.bbox.height / devicePixelRatio });
}

/* What interrupted the night, behind the points: its number is that of the list, which says why. */
function bands(plot: uPlot, asked: Asked, ink: PlotInk): void {
  if (asked.against !== "time") return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  for (const { begin_s, end_s, number, bad } of asked.incidents()) {
    const from = Math.max(bbox.left, plot.valToPos(begin_s, "x", true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(end_s, "x", true));
    if (to < bbox.left || from > bbox.left + bbox.width || to < from) continue;
    ctx.fillStyle = ink.band;
    ctx.fillRect(from, bbox.top, Math.max(to - from, devicePixelRatio), bbox.height);
    ctx.fillStyle = bad ? ink.rejected : ink.soft;
    ctx.fillText(String(number), from + 2 * devicePixelRatio, bbox.top + 2 * devicePixelRatio);
  }
  ctx.restore();
}
