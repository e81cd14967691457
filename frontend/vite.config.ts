import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/* Asset addresses are relative, so the bundle works below any URL prefix the site chooses. */
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    manifest: "manifest.json",
    rolldownOptions: { input: "src/main.ts" },
    assetsInlineLimit: 0,
    sourcemap: false,
    target: "es2022",
  },
  test: {
    include: ["src/core/**/*.test.ts"],
    benchmark: { include: ["src/core/**/*.bench.ts"] },
    environment: "node",
    coverage: {
      provider: "v8",
      include: ["src/core/**/*.ts"],
      exclude: ["src/core/**/*.test.ts", "src/core/**/*.bench.ts", "src/core/**/*.fixture.ts"],
      reporter: ["text"],
      thresholds: { lines: 90 },
    },
  },
});
