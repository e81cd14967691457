/* Every page has an address that brings it back whole: session, grid, square, hole, overlay. */

export type Page = "now" | "alerts" | "microscope" | "session" | "grid" | "decisions" | "journal" | "timeline" | "unknown";

export interface Place {
  readonly page: Page;
  readonly microscope?: string;
  readonly session?: string;
  readonly grid?: string;
  readonly square?: string;
  readonly hole?: string;
  readonly overlay?: string;
  readonly alarm?: string;
}

/** `path` is below the site's prefix and begins without a slash; `query` may begin with "?". */
export function parse(path: string, query = ""): Place {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/").filter((part) => part !== "").map(decodeURIComponent);
  const asked = new URLSearchParams(query);
  const chosen = Object.fromEntries(
    (["square", "hole", "overlay"] as const).flatMap((name) => (asked.get(name) ? [[name, asked.get(name)!]] : [])),
  );
  const [first, session, letter, grid] = parts;
  if (parts.length === 0 || (parts.length === 1 && first === "now")) return { page: "now" };
  if (parts.length === 1 && first === "alerts") return { page: "alerts", ...(asked.get("alarm") ? { alarm: asked.get("alarm")! } : {}) };
  if (parts.length === 2 && first === "m" && session !== undefined) return { page: "microscope", microscope: session };
  if (first !== "s" || session === undefined) return { page: "unknown" };
  if (parts.length === 2) return { page: "session", session };
  if (parts.length === 3 && (letter === "decisions" || letter === "journal" || letter === "timeline")) return { page: letter, session };
  if (parts.length === 4 && letter === "g" && grid !== undefined) return { page: "grid", session, grid, ...chosen };
  return { page: "unknown" };
}

/** The address of a place, relative to the site's base. */
export function format(place: Place): string {
  const session = place.session === undefined ? "" : encodeURIComponent(place.session);
  switch (place.page) {
    case "alerts":
      return place.alarm === undefined ? "alerts" : `alerts?alarm=${encodeURIComponent(place.alarm)}`;
    case "session":
      return `s/${session}`;
    case "decisions":
    case "journal":
    case "timeline":
      return `s/${session}/${place.page}`;
    case "microscope":
      return `m/${encodeURIComponent(place.microscope ?? "")}`;
    case "grid": {
      const query = new URLSearchParams();
      for (const name of ["square", "hole", "overlay"] as const) {
        if (place[name] !== undefined) query.set(name, place[name]);
      }
      const text = query.toString();
      return `s/${session}/g/${encodeURIComponent(place.grid ?? "")}${text === "" ? "" : `?${text}`}`;
    }
    default:
      return "now";
  }
}

/** Where an exposure, hole or square is shown: its short id names the way (g03-s17-h142-x1). */
export function placeOf(session: string, slug: string): Place {
  const [grid, square, hole] = slug.split("-");
  return {
    page: "grid",
    session,
    grid: grid ?? "",
    ...(square === undefined ? {} : { square: `${grid}-${square}` }),
    ...(hole === undefined ? {} : { hole: `${grid}-${square}-${hole}` }),
  };
}

/** What is above a place: Backspace goes there. */
export function above(place: Place): Place {
  if (place.page === "grid" && place.hole !== undefined) {
    const { hole: _left, ...rest } = place;
    return rest;
  }
  if (place.page === "grid" || ["decisions", "journal", "timeline"].includes(place.page)) return { page: "session", ...(place.session ? { session: place.session } : {}) };
  return { page: "now" };
}
