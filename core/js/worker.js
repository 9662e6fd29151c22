// Runs the component in a module worker, so that a large document never freezes the page.
//
//   const worker = new Worker(url, { type: "module" });
//   worker.postMessage({ id: 1, fn: "diff", args: ["position", oldText, newText] });
//   worker.onmessage = ({ data }) => data.ok ? show(data.id, data.value) : fail(data.id, data.error);
//
// Answers come in the order of the questions. To cancel, terminate the worker and start another.
//
// A bundle is opened from its file, piece by piece; meanwhile `{ id, progress: { bytes, versions } }` says how far it is. Then
// `bundle.states`, `bundle.history` and the others ask it. A worker has one bundle, the last.
//
//   worker.postMessage({ id: 2, fn: "bundle.open", args: [file] });
//
// Of a long report the rows are asked for by and by: `reconcile.open` answers all the rest, and `reconcile.rows` some of them. A worker
// has one report, the last.
//
//   worker.postMessage({ id: 3, fn: "reconcile.open", args: [oursText, listText, { as_of }] });
//   worker.postMessage({ id: 4, fn: "reconcile.rows", args: [0, 50] });

import init, * as component from "./stateloft_core.js";

const functions = new Map(
  Object.entries(component).filter(([name, value]) => typeof value === "function" && name !== "initSync"),
);
functions.delete("default");
functions.delete("Bundle");
functions.delete("Reconciliation");

let bundle;
functions.set("bundle.open", open);
for (const name of ["states", "history", "version", "text"]) {
  functions.set(`bundle.${name}`, (...args) => {
    if (!bundle) throw new Error("no bundle is open");
    return bundle[name](...args);
  });
}

let report;
functions.set("reconcile.open", (...args) => {
  report?.free();
  report = undefined;
  report = new component.Reconciliation(...args);
  return report.summary();
});
functions.set("reconcile.rows", (...args) => {
  if (!report) throw new Error("no list was held against anything");
  return report.rows(...args);
});

const TELL_EVERY_MS = 100;

async function open(id, file) {
  bundle?.free();
  bundle = undefined;
  const opening = new component.Bundle();
  const pieces = file.stream().getReader();
  let bytes = 0;
  let told = performance.now();
  for (let more = true; more; ) {
    const { done, value } = await pieces.read();
    if (done) break;
    bytes += value.byteLength;
    more = opening.feed(value);
    if (!more) await pieces.cancel();
    if (performance.now() - told > TELL_EVERY_MS) {
      told = performance.now();
      self.postMessage({ id, progress: { bytes, versions: opening.versions } });
    }
  }
  opening.finish();
  bundle = opening;
  return opening.summary();
}

// `init` finds the WebAssembly beside its own script.
const ready = init();

async function answer({ id, fn, args }) {
  try {
    await ready;
    const called = functions.get(fn);
    if (!called) throw new Error(`the component has no function ${JSON.stringify(fn)}`);
    const value = called === open ? await open(id, ...args) : called(...args);
    self.postMessage({ id, ok: true, value });
  } catch (error) {
    self.postMessage({ id, ok: false, error: error instanceof Error ? error.message : String(error) });
    // After a trap the component's memory cannot be trusted: the page is told by an error event, and starts afresh.
    if (error instanceof WebAssembly.RuntimeError) setTimeout(() => { throw error; });
  }
}

// One after the other: a file is read in pieces, and what is asked meanwhile waits for it.
let before = Promise.resolve();
self.onmessage = ({ data }) => {
  before = before.then(() => answer(data));
};
