/* Where the reader is: the address below the site's base, and moving without loading the page. */

import { format, parse, type Place } from "../core/permalinks";

const base = new URL(document.baseURI);

function here(): Place {
  const path = location.pathname.startsWith(base.pathname) ? location.pathname.slice(base.pathname.length) : "";
  return parse(path, location.search);
}

/** The address is written once the page has been drawn and the hand rests: a browser does much for it. */
const WRITTEN_AFTER_MS = 120;

class Router {
  place = $state.raw<Place>(here());
  private unwritten: ReturnType<typeof setTimeout> | null = null;
  /** The address one came from, so that the developer's page can show it as a script. */
  before = $state<string | null>(null);

  start(): void {
    addEventListener("popstate", () => {
      this.forget();
      this.place = here();
    });
    addEventListener("pagehide", () => this.write());
    document.addEventListener("click", (event) => this.follow(event));
  }

  go(place: Place): void {
    this.write();
    this.before = format(this.place);
    history.pushState(null, "", new URL(format(place), base));
    this.place = place;
  }

  /** The same page with another selection: no step of its own in the history. */
  amend(place: Place): void {
    this.place = place;
    this.forget();
    this.unwritten = setTimeout(() => this.write(), WRITTEN_AFTER_MS);
  }

  private write(): void {
    if (this.unwritten === null) return;
    this.forget();
    history.replaceState(null, "", new URL(format(this.place), base));
  }

  private forget(): void {
    if (this.unwritten !== null) clearTimeout(this.unwritten);
    this.unwritten = null;
  }

  private follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[data-page]");
    if (!link) return;
    event.preventDefault();
    const url = new URL(link.href);
    this.go(parse(url.pathname.slice(base.pathname.length), url.search));
    document.querySelector("main")?.focus({ preventScroll: true });
  }
}

export const router = new Router();
