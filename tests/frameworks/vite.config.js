/** Build the apps of this folder. The page that loads them says where `digitpad` is. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const apps = ["alpine.js", "lit.js", "react.jsx", "svelte.js", "vue.js"];

export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  plugins: [
    react(),
    svelte(),
    vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === "digit-pad" } } }),
  ],
  build: {
    rolldownOptions: {
      input: apps.map((app) => `apps/${app}`),
      external: ["digitpad"],
      output: { entryFileNames: "[name].js" },
    },
  },
});
