// Runs the vectors against the component's package as Node loads it: `node tests/component.mjs <package folder>`.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/component.mjs <package folder>");
const base = pathToFileURL(`${folder}/`);
const { default: init, initSync, ...component } = await import(new URL("stateloft_core.js", base));
await init({ module_or_path: await readFile(new URL("stateloft_core_bg.wasm", base)) });

/** A file as a page has it: its bytes. */
const file = ({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) });

function call({ call: name, args }) {
  if (name === "import_preview") return component.import_preview(args[0].map(file), args[1]);
  if (name !== "apply") return component[name](...args);
  const [stateType, old, changed, chosen, other] = args;
  return component.apply(other ?? old, component.diff(stateType, old, changed), chosen);
}

/** What comes of a case, as the vectors write it down; a handle's number depends on the calls before. */
function outcome(vector) {
  try {
    const result = call(vector);
    if (vector.call === "outline") result.document = "";
    return { result: JSON.stringify(result) };
  } catch (error) {
    return { throws: error.message };
  }
}

const vectors = new URL("vectors/", import.meta.url);
let passed = 0;
// What is in a folder is no call of the component.
const files = (await readdir(vectors, { withFileTypes: true })).filter((entry) => entry.isFile());
for (const file of files.map((entry) => entry.name).sort()) {
  for (const vector of JSON.parse(await readFile(new URL(file, vectors), "utf8"))) {
    const { result, throws } = vector;
    assert.deepEqual(outcome(vector), throws === undefined ? { result } : { throws }, `${file}: ${vector.name}`);
    passed += 1;
  }
}
assert(passed > 0, "no vectors were found");
console.log(`${passed} vectors passed in Node ${process.version}`);
