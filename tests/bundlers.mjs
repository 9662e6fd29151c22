// The component's package as TypeScript and bundlers take it: `node tests/bundlers.mjs <package folder> <folder with node_modules>`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [folder, tools] = process.argv.slice(2);
if (!tools) throw new Error("usage: node tests/bundlers.mjs <package folder> <folder with node_modules>");

const project = mkdtempSync(join(tmpdir(), "bundlers-"));
mkdirSync(join(project, "node_modules"));
cpSync(folder, join(project, "node_modules/stateloft-core"), { recursive: true });
for (const name of ["typescript", "esbuild", "vite"]) {
  symlinkSync(resolve(tools, "node_modules", name), join(project, "node_modules", name));
}

const write = (name, text) => writeFileSync(join(project, name), text);
const run = (program, ...args) =>
  execFileSync(process.execPath, [program, ...args], { cwd: project, encoding: "utf8", stdio: "pipe" });

/** A program that uses every function, so that each must have its type. */
const typed = `
  const difference: Diff = diff("position", "{}", '{"qty":1}');
  const place: string | undefined = difference.changes[0]?.place?.identity;
  const text: string = apply("{}", difference, [0]);
  const verdict: Validated = validate("position", text, "warn");
  const found: FoundInFiles = import_preview([{ name: "a.json", bytes: new Uint8Array() }], { assume_tz: "UTC" });
  const rows: Row[] = side_by_side("position", "{}", text);
  const patch: string = json_patch("position", "{}", text);
  const page: Outline = outline(text, "", 0, 10);
  const agreed: ReconcileReport = reconcile("[]", null, { as_of: "2026-01-01T00:00:00Z", failure: "time-out" });
  export { agreed, check, found, page, patch, place, plan, plan_hash, rows, verdict, verify };`;
const names = `apply, check, diff, import_preview, json_patch, outline, plan, plan_hash, reconcile, side_by_side, validate, verify,
  type Diff, type FoundInFiles, type Outline, type ReconcileReport, type Row, type Validated`;
const page = `
  import init, { diff } from "stateloft-core";
  await init(globalThis.given);
  globalThis.result = diff("position", '{"qty":1.10}', '{"qty":1.20}').changes[0].delta;`;

try {
  write("package.json", '{ "type": "module" }');
  write("imported.mts", `import init, { ${names} } from "stateloft-core"; await init();${typed}`);
  write("slim.mts", `import init, { initSync, diff } from "stateloft-core/slim"; export { init, initSync, diff };`);
  write("required.cts", `import core = require("stateloft-core"); export const verdict = core.validate("position", "{}", "warn").status;`);
  const strict = ["--strict", "--noEmit", "--target", "es2022", "--skipLibCheck", "false"];
  const files = ["imported.mts", "slim.mts", "required.cts"];
  run("node_modules/typescript/bin/tsc", ...strict, "--module", "nodenext", "--lib", "es2022,dom", ...files);
  run("node_modules/typescript/bin/tsc", ...strict, "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom", "imported.mts");
  write("wrong.mts", `import { diff } from "stateloft-core"; diff("position", {}, "{}");`);
  assert.throws(() => run("node_modules/typescript/bin/tsc", ...strict, "--module", "nodenext", "--lib", "es2022,dom", "wrong.mts"), "a document is no text");

  write("page.js", page);
  // As a page would, with the bytes in the place of what it fetches.
  const loaded = (script) => `
    import { readFileSync } from "node:fs";
    globalThis.given = { module_or_path: readFileSync("node_modules/stateloft-core/stateloft_core_bg.wasm") };
    await import(${JSON.stringify(script)});
    console.log(globalThis.result);`;
  write("bundle.mjs", `import { build } from "esbuild";
    await build({ entryPoints: ["page.js"], bundle: true, format: "esm", platform: "browser", outfile: "bundled.js" });`);
  run("bundle.mjs");
  write("bundled-runs.mjs", loaded("./bundled.js"));
  assert.equal(run("bundled-runs.mjs").trim(), "+0.10");

  write("index.html", '<script type="module" src="./page.js"></script>');
  // Without what only a page can run.
  write("build.mjs", `import { build } from "vite";
    await build({ build: { modulePreload: false, target: "es2022", minify: false }, logLevel: "error" });`);
  run("build.mjs");
  const assets = readdirSync(join(project, "dist/assets"));
  assert.ok(assets.some((name) => name.endsWith(".wasm")), `the WebAssembly is not beside the page: ${assets}`);
  const script = assets.find((name) => name.endsWith(".js"));
  write("built-runs.mjs", loaded(`./dist/assets/${script}`));
  assert.equal(run("built-runs.mjs").trim(), "+0.10");
  console.log("the package has its types, and runs as esbuild and Vite bundle it");
} catch (error) {
  if (error.stdout) console.error(error.stdout);
  throw error;
} finally {
  rmSync(project, { recursive: true });
}
