/* What every row of the API has. */

export interface Row {
  id: string;
  version: number;
  created_at: string;
  updated_at: string;
}
