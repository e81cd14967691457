/* Accounts as text one can type: groups with roles, and what a person drives. */

export interface Person {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly active: boolean;
  readonly staff: boolean;
  readonly admin: boolean;
  readonly last_login: string | null;
  readonly groups: readonly { readonly name: string; readonly role: string }[];
  readonly microscopes: readonly { readonly id: string; readonly operator: boolean }[];
}

const ROLES = ["viewer", "member", "lead"];

export const groupsText = (groups: Person["groups"]): string => groups.map(({ name, role }) => `${name}: ${role}`).join(", ");

/** "ribosome: lead, kinase" as groups with roles; a group without a role is a member's. */
export function readGroups(text: string): { groups: { name: string; role: string }[] } | { problem: string } {
  const groups = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.lastIndexOf(":");
      return at < 0 ? { name: part, role: "member" } : { name: part.slice(0, at).trim(), role: part.slice(at + 1).trim().toLowerCase() };
    });
  const wrong = groups.find(({ name, role }) => name === "" || !ROLES.includes(role));
  if (wrong !== undefined) return { problem: `“${wrong.name}: ${wrong.role}”: write a group's name, a colon, and viewer, member or lead.` };
  if (new Set(groups.map(({ name }) => name)).size < groups.length) return { problem: "A group stands twice; a person has one role in each." };
  return { groups };
}

/** "", "own" or "any": what a person's grants say of one microscope. */
export function accountOf(grants: Person["microscopes"], microscope: string): "" | "own" | "any" {
  const grant = grants.find((one) => one.id === microscope);
  return grant === undefined ? "" : grant.operator ? "any" : "own";
}
