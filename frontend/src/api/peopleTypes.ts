/* Who is signed in, and what they may; names are the API's. */

export interface Me {
  id: string;
  username: string;
  name: string;
  staff: boolean;
  admin: boolean;
  groups: { name: string; role: "viewer" | "member" | "lead" }[];
  microscopes: { id: string; operator: boolean }[];
}
