// The guide "Validate in your page", as it is read: `node tests/guide.mjs <package folder>`. Its files are written, its commands
// typed, and its pages opened in the browser that CHROME and CHROMEDRIVER name.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node tests/guide.mjs <package folder>");
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const guide = readFileSync(join(root, "docs/guides/validate-in-your-page.md"), "utf8");

const project = mkdtempSync(join(tmpdir(), "guide-"));
mkdirSync(join(project, "node_modules"));
cpSync(folder, join(project, "node_modules/stateloft-core"), { recursive: true });
cpSync(join(root, "docs/example.html"), join(project, "example.html"));

/** Writes and types everything; the blocks that nobody can type here. */
function type() {
  const byHand = [];
  let printed;
  for (const [, language, name, text] of guide.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)) {
    if (name) writeFileSync(join(project, name), text);
    else if (language === "sh" && text.startsWith("# by hand")) byHand.push(text.split("\n")[0]);
    else if (language === "sh") printed = execFileSync("bash", ["-euc", text], { cwd: project, encoding: "utf8" });
    else assert.equal(printed, text, `a block of ${language}`);
  }
  return byHand;
}

/** The project over HTTP, as a browser wants modules. */
async function served() {
  const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    try {
      const path = join(project, new URL(request.url, "http://localhost").pathname);
      const bytes = readFileSync(path);
      response.writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream" }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
  return server;
}

/** Waits until each page shows its verdict in a real browser. */
async function open(pages) {
  const driver = spawn(process.env.CHROMEDRIVER, ["--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
  const server = await served();
  let session;
  let address;
  const ask = async (method, path, body) => {
    const answer = await fetch(`${address}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    assert.ok(answer.ok, JSON.stringify(value));
    return value;
  };
  try {
    for await (const line of createInterface(driver.stdout)) {
      const port = line.match(/started successfully on port (\d+)/)?.[1];
      if (port) {
        address = `http://127.0.0.1:${port}`;
        break;
      }
    }
    const options = { binary: process.env.CHROME, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] };
    const capabilities = { alwaysMatch: { browserName: "chrome", "goog:chromeOptions": options } };
    session = `/session/${(await ask("POST", "/session", { capabilities })).sessionId}`;
    for (const [page, verdict] of Object.entries(pages)) {
      await ask("POST", `${session}/url`, { url: `http://127.0.0.1:${server.address().port}/${page}` });
      const script = "return document.getElementById('verdict').textContent";
      const deadline = Date.now() + 60_000;
      let shown;
      while (shown !== verdict) {
        assert.ok(Date.now() < deadline, `${page} shows ${shown} and not ${verdict}`);
        await pause(50);
        shown = await ask("POST", `${session}/execute/sync`, { script, args: [] });
      }
    }
  } finally {
    if (session) await ask("DELETE", session);
    driver.kill();
    server.close();
  }
}

/** What is saved is the text that was checked, to the byte. */
async function saved() {
  const { save } = await import(pathToFileURL(join(project, "save.mjs")));
  const sent = [];
  globalThis.fetch = async (...request) => {
    sent.push(request);
    return new Response('{"detail":"somebody else was first","code":"version_conflict"}', { status: sent.length === 1 ? 200 : 409 });
  };
  await save("http://127.0.0.1:8000", "position", "a/b", '{"qty": 0.10}', 3, "key");
  const [address, { body, headers }] = sent[0];
  assert.equal(body, '{"data":{"qty": 0.10},"expected_version":3}');
  assert.equal(new URL(address).searchParams.get("state_id"), "a/b");
  assert.equal(headers.Authorization, "Bearer key");
  await assert.rejects(save("http://127.0.0.1:8000", "position", "a", "{}", 3), (error) => error.problem.code === "version_conflict");
}

try {
  const byHand = type();
  assert.deepEqual(byHand, ["# by hand: in the project's folder, then in yours", "# by hand: then open http://127.0.0.1:8000/page.html"]);
  assert.ok(process.env.CHROMEDRIVER, "CHROMEDRIVER names no program");
  await open({ "page.html": "invalid", "worker.html": "valid", "example.html?from=node_modules/stateloft-core/stateloft_core.js": "valid" });
  await saved();
  console.log("the guide runs, its pages and docs/example.html show their verdicts");
} finally {
  rmSync(project, { recursive: true });
}
