/* What a page shows as a script would read it: the same addresses, as a shell command and as Python. */

import type { Place } from "./permalinks";

/** The API addresses behind a page, below `api/v1/`. */
export function readsOf(place: Place): string[] {
  const session = encodeURIComponent(place.session ?? "");
  switch (place.page) {
    case "session":
    case "compare":
      return [`sessions/${session}`, `grids?session=${session}&sort=rank`];
    case "grid":
      return [`grids/${place.grid}?session=${session}`, ...(place.square === undefined ? [`squares?session=${session}&grid=${place.grid}`] : [`squares/${place.square}?session=${session}`, `squares/${place.square}/overlay?session=${session}`])];
    case "live":
      return [`sessions/${session}/series`, `sessions/${session}/backlog`];
    case "plan":
      return place.session === undefined ? ["protocols", "vocabulary"] : [`sessions/${session}`, `sessions/${session}/preflight`];
    case "timeline":
      return [`sessions/${session}/timeline`];
    case "journal":
      return [`steps?session=${session}`];
    case "decisions":
      return [`events?session=${session}`];
    case "triage":
      return [`exposures?session=${session}`];
    case "alerts":
      return ["alarms?state=raised,acknowledged,cleared"];
    case "microscope":
      return [`microscopes/${encodeURIComponent(place.microscope ?? "")}`];
    default:
      return ["microscopes", "sessions"];
  }
}

export function asCurl(site: string, reads: readonly string[]): string {
  return reads.map((path) => `curl -s -H "Authorization: Bearer $SMARTSCOPE_TOKEN" '${site}api/v1/${path}'`).join("\n");
}

export function asPython(site: string, reads: readonly string[]): string {
  const lines = ["import os", "", "import httpx", "", "site = httpx.Client(", `    base_url=${JSON.stringify(`${site}api/v1/`)},`, '    headers={"Authorization": f"Bearer {os.environ[\'SMARTSCOPE_TOKEN\']}"},', ")"];
  return [...lines, ...reads.map((path) => `print(site.get(${JSON.stringify(path)}).raise_for_status().json())`)].join("\n");
}
