// The component's package as a program that depends on it finds it: `node tests/package.mjs <package folder>`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/package.mjs <package folder>");

const project = mkdtempSync(join(tmpdir(), "package-"));
const installed = join(project, "node_modules/stateloft-core");
mkdirSync(join(project, "node_modules"));
cpSync(folder, installed, { recursive: true });

/** Runs a program of the project; what it prints, by lines. */
function run(name, text) {
  writeFileSync(join(project, name), text);
  return execFileSync(process.execPath, [name], { cwd: project, encoding: "utf8", stdio: "pipe" }).trimEnd().split("\n");
}

const say = `
const changed = diff("position", '{"qty":1.10,"n":9007199254740993}', '{"qty":1.20,"n":9007199254740993}');
console.log(typeof init, changed.changes.length, changed.changes[0].delta, validate("position", "[]", "warn").status);`;
const said = ["function 1 +0.10 invalid"];

try {
  assert.deepEqual(run("imported.mjs", `import init, { diff, validate } from "stateloft-core";${say}`), said);
  assert.deepEqual(run("waited.mjs", `import init, { diff, validate } from "stateloft-core"; await init();${say}`), said);
  assert.deepEqual(run("required.cjs", `const { default: init, diff, validate } = require("stateloft-core");${say}`), said);
  const bytes = `readFileSync(fileURLToPath(import.meta.resolve("stateloft-core/wasm")))`;
  const slim = `import { readFileSync } from "node:fs"; import { fileURLToPath } from "node:url";
    import init, { diff, initSync, validate } from "stateloft-core/slim";`;
  assert.deepEqual(run("slim.mjs", `${slim} await init({ module_or_path: ${bytes} });${say}`), said);
  assert.deepEqual(run("at-once.mjs", `${slim} initSync({ module: ${bytes} });${say}`), said);
  // Nothing is loaded before it is asked for.
  assert.throws(() => run("too-early.mjs", `${slim}${say}`), /TypeError/);

  // Whatever the manifest names is there.
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const named = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(named));
  for (const path of [manifest.main, manifest.module, manifest.types, ...named(manifest.exports), ...manifest.sideEffects]) {
    assert.ok(existsSync(join(installed, path)), `${path} is not in the package`);
  }

  // So are the licences of what is compiled in.
  const thirdParty = readFileSync(join(installed, "THIRD-PARTY.txt"), "utf8");
  for (const name of ["jsonschema", "serde", "wasm-bindgen"]) {
    assert.match(thirdParty, new RegExp(`^${name} \\S+: `, "m"), `${name} has no licence in the package`);
  }

  // Every example of the README prints what it says.
  const readme = readFileSync(join(installed, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, text]) => text);
  assert.ok(examples.length > 1, "the README has no examples");
  examples.forEach((text, nth) => {
    // Behind a colon is why.
    const wanted = [...text.matchAll(/console\.log\(.*\); \/\/ ([^:\n]*)/gm)].map(([, line]) => line);
    assert.deepEqual(run(`example-${nth}.mjs`, text), wanted);
  });
  console.log(`the package is loaded in 5 ways, and ${examples.length} examples say what they print`);
} finally {
  rmSync(project, { recursive: true });
}
