/* Where the reader is: the address below the site's base, and moving without loading the page. */

import { format, parse, type Place } from "../core/permalinks";

const base = new URL(document.baseURI);

function here(): Place {
  const path = location.pathname.startsWith(base.pathname) ? location.pathname.slice(base.pathname.length) : "";
  return parse(path, location.search);
}

class Router {
  place = $state.raw<Place>(here());

  start(): void {
    addEventListener("popstate", () => (this.place = here()));
    document.addEventListener("click", (event) => this.follow(event));
  }

  go(place: Place): void {
    history.pushState(null, "", new URL(format(place), base));
    this.place = place;
  }

  /** The same page with another selection: no step of its own in the history. */
  amend(place: Place): void {
    history.replaceState(null, "", new URL(format(place), base));
    this.place = place;
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
