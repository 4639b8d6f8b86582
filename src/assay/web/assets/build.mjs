// node build.mjs SOURCES NODE_MODULES OUT: bundles each entry into OUT under a name that holds its hash, and prints the names as JSON.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

const [sources, modules, out] = process.argv.slice(2).map((path) => resolve(path));
const esbuild = createRequire(join(modules, "from-here.js"))(join(modules, "esbuild"));
const entries = ["app.js", "editor.js"].map((name) => join(sources, name)).filter(existsSync);
const built = await esbuild.build({
  entryPoints: entries,
  outdir: out,
  entryNames: "[name].[hash]",
  bundle: true,
  format: "iife",
  minify: true,
  target: "es2022",
  nodePaths: [modules],
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
const files = {};
for (const [path, made] of Object.entries(built.metafile.outputs)) if (made.entryPoint) files[basename(made.entryPoint)] = basename(path);
console.log(JSON.stringify(files));
