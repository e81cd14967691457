/* What a person answers to an alarm; each is one documented API call. */

import { post } from "../api/client";
import type { Alarm } from "../core/alarms";
import { toasts } from "./toasts.svelte";

async function answered(act: Promise<Alarm>, said: string): Promise<boolean> {
  try {
    await act;
    toasts.say(said);
    return true;
  } catch (problem) {
    toasts.fail(problem);
    return false;
  }
}

export const acknowledge = (alarm: Alarm): Promise<boolean> => answered(post<Alarm>(`alarms/${alarm.id}/acknowledge`), "Acknowledged: nobody else is told.");

export const shelve = (alarm: Alarm, hours: number, reason: string): Promise<boolean> =>
  answered(post<Alarm>(`alarms/${alarm.id}/shelve`, { hours, reason }), `Put aside for ${hours} h; then it is told again.`);

export const test = (): Promise<boolean> => answered(post<Alarm>("alarms/test"), "The test is on its way; below stands who got it.");
