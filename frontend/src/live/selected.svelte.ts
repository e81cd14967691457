/* What is selected, one for the whole page: maps, tables, the gallery and plots show the same. */

import { nothing, type Selection } from "../core/selection";

class Selected {
  squares = $state.raw<Selection>(nothing);
  /** May lie in several squares; each map shows those of its own. */
  holes = $state.raw<Selection>(nothing);
  /** States of holes that were selected elsewhere than on their map, as they were then. */
  statuses = $state.raw<ReadonlyMap<string, string>>(new Map());
}

export const selected = new Selected();
