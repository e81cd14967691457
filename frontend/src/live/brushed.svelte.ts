/* Exposures a person chose in plots: the same in every plot and in their list. */

class Brushed {
  /** By id. */
  ids = $state.raw<ReadonlySet<string>>(new Set());

  choose(ids: Iterable<string>): void {
    this.ids = new Set(ids);
  }
}

export const brushedExposures = new Brushed();
