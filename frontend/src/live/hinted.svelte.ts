/* The hole under the pointer, on a map or among exposures: the other one lights it too. */

class Hinted {
  hole = $state<string | null>(null);
}

export const hinted = new Hinted();
