// Long lists held against as many positions by the component, next to what JavaScript's own reader and writer take for the same texts:
// `node tests/benches/reconcile.mjs <package folder>` prints rows for docs/BENCHMARKS.md.

import { pathToFileURL } from "node:url";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/benches/reconcile.mjs <package folder>");
const { Reconciliation, reconcile } = await import(new URL("node.js", pathToFileURL(`${folder}/`)));

const SOME = 1_000;
const MANY = 10_000;
const PAGE = 50;
const ROUNDS = 21;
const options = { as_of: "2026-11-29T09:45:58Z" };

/** One lot a position, as a program keeps them, and what a broker lists of it; every tenth differs. */
function texts(rows) {
  const numbers = Array.from({ length: rows }, (_, n) => n);
  const ours = numbers.map((n) => {
    const data = `{"symbol":"SYM${n % 500}","side":"long","ticket":${38_000_000 + n},"quantity":0.${10 + (n % 90)},"entry_price":1.${10_000 + n},"stop_loss":1.${9_000 + n},"opened_at":"2026-11-28T14:05:00Z"}`;
    return `{"state_type":"position","state_id":"bot/SYM${n}","version":${n + 1},"timestamp":"2026-11-29T09:00:00Z","data":${data}}`;
  });
  const list = numbers.map(
    (n) =>
      `{"ticket":${38_000_000 + n},"symbol":"SYM${n % 500}","type":0,"volume":0.${n % 10 === 0 ? "05" : 10 + (n % 90)},"price_open":1.${10_000 + n},"profit":${n % 7}.5}`,
  );
  return [`[${ours.join(",")}]`, `[${list.join(",")}]`];
}

function median(work) {
  const took = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return took.sort((a, b) => a - b)[ROUNDS >> 1];
}

const row = (what, ms, ratio) => console.log(`| ${what} | ${ms.toFixed(2)} ms, median | ${ratio?.toFixed(2) ?? ""} |`);

function measured(rows) {
  const [ours, list] = texts(rows);
  const wrong = () => new Error("the report is not what it must be");
  const report = reconcile(ours, list, options);
  if (report.rows.length !== rows || report.counts.matched !== rows - rows / 10) throw wrong();
  const kept = new Reconciliation(ours, list, options);
  const { hash, counts } = kept.summary();
  if (hash !== report.hash || counts.quantity_mismatch !== rows / 10) throw wrong();
  if (JSON.stringify(kept.rows(PAGE, PAGE)) !== JSON.stringify(report.rows.slice(PAGE, PAGE + PAGE))) throw wrong();
  const own = median(() => {
    for (const text of [ours, list]) JSON.stringify(JSON.parse(text));
  });
  const made = median(() => {
    const report = new Reconciliation(ours, list, options);
    report.summary();
    report.free();
  });
  const page = median(() => kept.rows(PAGE, PAGE));
  return { own, made, page, reconciled: median(() => reconcile(ours, list, options)) };
}

const [some, many] = [measured(SOME), measured(MANY)];
const count = (rows) => rows.toLocaleString("en");
row(`${count(MANY)} positions and a broker's list of as many, each read and written by JSON.parse and JSON.stringify in Node`, many.own);
const times = (ms) => [ms, ms / many.own];
row("the same reconciled by the component: how each stands, counted and sorted (ratio: times the first row)", ...times(many.made));
row(`a page of ${PAGE} rows of that report (ratio: as above)`, ...times(many.page));
row("the same reconciled, all rows handed over at once (ratio: as above)", ...times(many.reconciled));
row(
  `${count(SOME)} of them reconciled (ratio: what a row of ${count(MANY)} takes to what one of these takes)`,
  some.made,
  many.made / MANY / (some.made / SOME),
);
