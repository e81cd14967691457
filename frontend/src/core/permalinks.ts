/* Every page has an address that brings it back whole: session, grid, square, hole, overlay. */

const TOP = ["now", "alerts", "plan", "dev"] as const;
const FACILITY = ["health", "admin"] as const;
const OF_SESSION = ["decisions", "journal", "timeline", "triage", "compare", "live", "plan"] as const;

export type Page = "microscope" | "session" | "grid" | "unknown" | (typeof TOP)[number] | (typeof FACILITY)[number] | (typeof OF_SESSION)[number];

export interface Place {
  readonly page: Page;
  readonly microscope?: string;
  readonly session?: string;
  readonly grid?: string;
  readonly square?: string;
  readonly hole?: string;
  readonly overlay?: string;
  /** The legend row that alone is shown, of the atlas's and of the square's: "good~thick". */
  readonly filter?: string;
  /** Of the contact sheet: what is judged, in which order, and which are shown. */
  readonly judge?: string;
  readonly sort?: string;
  readonly show?: string;
  readonly alarm?: string;
  /** Short ids of the grids compared, with commas between. */
  readonly grids?: string;
  /** What live plots are drawn against: time, number or stage. */
  readonly by?: string;
}

/* What an address keeps behind the question mark, page by page. */
const ASKED = {
  alerts: ["alarm"],
  grid: ["square", "hole", "overlay", "filter"],
  compare: ["grids"],
  live: ["grid", "by"],
  triage: ["grid", "judge", "sort", "show"],
} as const satisfies Partial<Record<Page, readonly (keyof Place)[]>>;
const askedOf = (page: Page): readonly (keyof Place)[] => (ASKED as Partial<Record<Page, readonly (keyof Place)[]>>)[page] ?? [];

const isOne = <Name extends string>(names: readonly Name[], text: string | undefined): text is Name => (names as readonly (string | undefined)[]).includes(text);

/** `path` is below the site's prefix and begins without a slash; `query` may begin with "?". */
export function parse(path: string, query = ""): Place {
  const parts = path.replace(/^\/+|\/+$/g, "").split("/").filter((part) => part !== "").map(decodeURIComponent);
  const place = placeAt(parts);
  const asked = new URLSearchParams(query);
  const chosen = askedOf(place.page).flatMap((name) => (asked.get(name) ? [[name, asked.get(name)!] as const] : []));
  return { ...place, ...Object.fromEntries(chosen) };
}

function placeAt(parts: readonly string[]): Place {
  const [first, second, third, fourth] = parts;
  if (parts.length === 0) return { page: "now" };
  if (parts.length === 1 && isOne(TOP, first)) return { page: first };
  if (parts.length === 2 && first === "facility" && isOne(FACILITY, second)) return { page: second };
  if (parts.length === 2 && first === "m" && second !== undefined) return { page: "microscope", microscope: second };
  if (parts.length === 3 && first === "m" && second !== undefined && third === "timeline") return { page: "timeline", microscope: second };
  if (first !== "s" || second === undefined) return { page: "unknown" };
  if (parts.length === 2) return { page: "session", session: second };
  if (parts.length === 3 && isOne(OF_SESSION, third)) return { page: third, session: second };
  if (parts.length === 4 && third === "g" && fourth !== undefined) return { page: "grid", session: second, grid: fourth };
  return { page: "unknown" };
}

/** The address of a place, relative to the site's base. */
export function format(place: Place): string {
  const query = new URLSearchParams();
  for (const name of askedOf(place.page)) if (place[name] !== undefined) query.set(name, place[name]);
  const text = query.toString();
  return `${pathOf(place)}${text === "" ? "" : `?${text}`}`;
}

function pathOf(place: Place): string {
  const session = `s/${encodeURIComponent(place.session ?? "")}`;
  if (isOne(OF_SESSION, place.page) && place.session !== undefined) return `${session}/${place.page}`;
  if (place.page === "timeline") return `m/${encodeURIComponent(place.microscope ?? "")}/timeline`;
  if (isOne(TOP, place.page)) return place.page;
  if (isOne(FACILITY, place.page)) return `facility/${place.page}`;
  if (place.page === "microscope") return `m/${encodeURIComponent(place.microscope ?? "")}`;
  if (place.page === "session") return session;
  if (place.page === "grid") return `${session}/g/${encodeURIComponent(place.grid ?? "")}`;
  return "now";
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

/** The place with one of its two legend filters set; null shows everything. */
export function filtered(place: Place, which: 0 | 1, key: string | null): Place {
  const [first = "", second = ""] = (place.filter ?? "").split("~");
  const next = [first, second].with(which, key ?? "").join("~");
  const { filter: _before, ...rest } = place;
  return next === "~" ? rest : { ...rest, filter: next };
}

/** The legend row that alone is shown on the atlas (0) or the square (1); null for all. */
export const filterOf = (place: Place, which: 0 | 1): string | null => (place.filter ?? "").split("~")[which] || null;

/** What is above a place: Backspace goes there. */
export function above(place: Place): Place {
  if (place.page === "grid" && place.hole !== undefined) {
    const { hole: _left, ...rest } = place;
    return rest;
  }
  if (place.page === "timeline" && place.microscope !== undefined) return { page: "microscope", microscope: place.microscope };
  if (place.page !== "session" && place.session !== undefined) return { page: "session", session: place.session };
  return { page: "now" };
}
