/* What the reader may do here, so that the page offers nothing the server would refuse.

   The server decides each time; this only leaves out buttons. The emergency stop is never left out. */

import type { Me } from "../api/peopleTypes";
import type { Session } from "../api/sessionTypes";

class Rights {
  me = $state.raw<Me | null>(null);
  session = $state.raw<Session | null>(null);

  /** Labels, queue, verdicts, parameters of a session. */
  edits(session: Session | null = this.session): boolean {
    const me = this.me;
    if (me === null || session === null) return false;
    const role = me.groups.find((group) => group.name === session.group)?.role;
    return me.staff || me.admin || role === "member" || role === "lead" || this.operates(session);
  }

  /** Start, pause, resume and stop. */
  drives(session: Session): boolean {
    const me = this.me;
    if (me === null) return false;
    const granted = me.microscopes.some((one) => one.id === session.microscope);
    return me.staff || me.admin || this.operates(session) || (granted && this.edits(session));
  }

  /** Protocols under a name are kept by the facility's staff. */
  keepsPresets(): boolean {
    return this.me !== null && (this.me.staff || this.me.admin);
  }

  private operates(session: Session): boolean {
    return this.me?.microscopes.some((one) => one.id === session.microscope && one.operator) ?? false;
  }
}

export const rights = new Rights();
