/* Planning from the page: each act is one documented API call. */

import { get, post, put } from "../api/client";
import type { Inventory, Preset, ReadManifest } from "../api/planTypes";
import type { BulkAnswer, Page } from "../api/answerTypes";
import type { Detector } from "../api/microscopeTypes";
import type { Session } from "../api/sessionTypes";
import type { ParameterValue } from "../api/vocabularyTypes";
import { bodyOf, type Column, type Row } from "../core/manifest";
import type { Form } from "../core/plan";

export const detectorsOf = (microscope: string): Promise<Detector[]> => get<Page<Detector>>("detectors", { microscope }).then((page) => page.results);
export const presets = (): Promise<Preset[]> => get<{ results: Preset[] }>("protocols").then((answer) => answer.results);
/** Keeps a protocol under its name with some parameters changed; one of the service's own becomes the facility's. */
export const changePreset = (preset: Preset, parameters: Record<string, ParameterValue>): Promise<unknown> =>
  put("protocols", { name: preset.name, description: preset.description, is_default: preset.is_default, ...preset.protocol, ...parameters });
export const cassetteOf = (microscope: string): Promise<Inventory> => get<Inventory>(`microscopes/${microscope}/inventory`);

/** A spreadsheet's file is read by the server, which parses it within limits. */
export const readSpreadsheet = (microscope: string, base64: string): Promise<ReadManifest> => post<ReadManifest>("manifests/read", { microscope, xlsx: base64 });

/** Rows as the API wants them: a row's protocol first, then what its own cells say. */
export function gridsOf(rows: readonly Row[], columns: readonly Column[], known: readonly Preset[]): Record<string, ParameterValue>[] {
  return rows.map((row) => {
    const { protocol, ...said } = bodyOf(row, columns);
    const preset = known.find((one) => one.name === protocol);
    return { ...preset?.protocol, ...said };
  });
}

/** Plans a session with these rows of the form; nothing moves until it is started. */
export function planSession(form: Form, grids: readonly Record<string, ParameterValue>[]): Promise<Session> {
  const { name, group, microscope, detector, notes } = form;
  const stop_at = form.stopAt === "" ? {} : { stop_at: new Date(form.stopAt).toISOString() };
  return post<Session>("sessions", { name, group, microscope, detector, notes, ...stop_at, ...form.parameters, grids });
}

/** In which order the grids that have not begun are taken. */
export const orderGrids = (session: Session, ids: readonly string[]): Promise<BulkAnswer> => put<BulkAnswer>(`sessions/${session.id}/order`, { grids: ids }, session.version);
