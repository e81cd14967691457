/* What a first visit downloads as JavaScript, gzipped: fails above the budget. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const manifest = JSON.parse(readFileSync("dist/manifest.json", "utf8"));

function withImports(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) withImports(next, seen);
  return seen;
}

const kilobytes = (keys) =>
  [...keys].reduce((sum, key) => sum + gzipSync(readFileSync(`dist/${manifest[key].file}`)).length, 0) / 1000;

const first = withImports("src/main.ts");
const all = new Set(Object.keys(manifest).filter((key) => manifest[key].file.endsWith(".js")));
console.log(`first visit ${kilobytes(first).toFixed(1)} kB, every page ${kilobytes(all).toFixed(1)} kB, budget ${BUDGET_KB} kB`);
if (kilobytes(first) > BUDGET_KB) process.exit(1);
