/* Dark for the microscope room, light for paper; what the reader chose is kept in this browser. */

type Theme = "dark" | "light";
const KEY = "smartscope-theme";

const stored = localStorage.getItem(KEY);
const preferred: Theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";

class ThemeChoice {
  now = $state<Theme>(stored === "dark" || stored === "light" ? stored : preferred);

  apply(): void {
    document.documentElement.dataset["theme"] = this.now;
  }

  toggle(): void {
    this.now = this.now === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, this.now);
    this.apply();
  }
}

export const theme = new ThemeChoice();
