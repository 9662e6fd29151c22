// Runs the component in a module worker, so that a large document never freezes the page.
//
//   const worker = new Worker(url, { type: "module" });
//   worker.postMessage({ id: 1, fn: "diff", args: ["position", oldText, newText] });
//   worker.onmessage = ({ data }) => data.ok ? show(data.id, data.value) : fail(data.id, data.error);
//
// Answers come in the order of the questions. To cancel, terminate the worker and start another.

import init, * as component from "./stateloft_core.js";

const functions = new Map(
  Object.entries(component).filter(([name, value]) => typeof value === "function" && name !== "initSync"),
);
functions.delete("default");

// `init` finds the WebAssembly beside its own script.
const ready = init();

self.onmessage = async ({ data: { id, fn, args } }) => {
  try {
    await ready;
    const called = functions.get(fn);
    if (!called) throw new Error(`the component has no function ${JSON.stringify(fn)}`);
    self.postMessage({ id, ok: true, value: called(...args) });
  } catch (error) {
    self.postMessage({ id, ok: false, error: error instanceof Error ? error.message : String(error) });
    // After a trap the component's memory cannot be trusted: the page is told by an error event, and starts afresh.
    if (error instanceof WebAssembly.RuntimeError) setTimeout(() => { throw error; });
  }
};
