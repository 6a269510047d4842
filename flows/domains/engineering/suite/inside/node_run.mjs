// Runs the tests of a tree with node:test inside a sandbox, and writes one JSON line per test to a report file.
// Standard input holds the plan of `pytest_run.py`. The id of a test is its file and the names on the way to it,
// joined by `::`; a file that fails as a whole is a test by the name of the file.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const MESSAGE_CHARS = 6000;
const plan = JSON.parse(fs.readFileSync(0, "utf-8"));
const report = fs.openSync(plan.report, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_APPEND, 0o600);
const selected = plan.select === null ? null : new Set(plan.select);

function found(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name.startsWith(".") ? [] : found(place);
    return /(^test|[-._]test)\.[cm]?js$|^test-.*\.[cm]?js$/.test(entry.name) || /\/tests?$/.test(folder)
      && /\.[cm]?js$/.test(entry.name) ? [place] : [];
  });
}

function files() {
  const named = selected ? [...selected].map((one) => one.split("::")[0]) : plan.files;
  const given = [...new Set(named)].map((one) => path.join(plan.tree, one));
  const places = named.length ? given.flatMap((one) => (fs.statSync(one).isDirectory() ? found(one) : [one])) : found(plan.tree);
  return places.filter((one) => !plan.ignore.some((left) => one.startsWith(path.join(plan.tree, left)))).sort();
}

function write(record) {
  if (!selected || selected.has(record.id)) fs.writeSync(report, JSON.stringify(record) + "\n");
}

function outcome(type, data) {
  if (data.skip !== undefined || data.todo !== undefined) return "skipped";
  return type === "test:pass" ? "passed" : "failed";
}

// [path, start, end] of the functions of the tree that ran, as the engine counted them.
function covered(folder) {
  const found = fs.readdirSync(folder).flatMap((name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf-8")).result);
  return found.filter(({ url }) => url.startsWith(`file://${plan.tree}/`)).flatMap(({ url, functions }) =>
    functions.filter((one) => one.ranges[0].count > 0).map(({ ranges: [{ startOffset, endOffset }] }) => [
      path.relative(plan.tree, fileURLToPath(url)), startOffset, endOffset,
    ]));
}

// Rewritten tests write their own lines: what node reports of their process is not read.
function observe(place) {
  const told = { file: path.relative(plan.tree, place), report: plan.report, select: plan.select };
  const env = { ...process.env, OBSERVED: JSON.stringify(told) };
  const own = (name) => ["--import", new URL(name, import.meta.url).href];
  const counted = path.join(plan.scratch, "counted");
  if (plan.cover) env.NODE_V8_COVERAGE = counted;
  spawnSync(process.execPath, [...own("globals.mjs"), ...own("observations.mjs"), place], { stdio: "inherit", env });
  if (plan.cover) fs.writeSync(report, JSON.stringify({ covered: told.file, functions: covered(counted) }) + "\n");
  fs.rmSync(counted, { recursive: true, force: true });
}

process.chdir(plan.tree);
if (plan.observe) {
  files().forEach(observe);
  process.exit();
}
const above = [];
for await (const { type, data } of run({ files: files(), concurrency: 1 })) {
  if (type === "test:start") {
    above.length = data.nesting;
    above[data.nesting] = data.name;
  }
  if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite") continue;
  const file = path.relative(plan.tree, data.file ?? data.name);
  const whole = data.nesting === 0 && path.resolve(data.name) === path.resolve(file);
  const names = [...above.slice(0, data.nesting), data.name];
  const error = data.details?.error;
  const message = error ? String(error.cause?.stack ?? error.cause ?? error.message ?? error) : "";
  write({
    id: whole ? file : [file, ...names].join("::"),
    outcome: whole ? "error" : outcome(type, data),
    seconds: (data.details?.duration_ms ?? 0) / 1000,
    message: message.slice(0, MESSAGE_CHARS),
  });
  if (message) console.log(`${[file, ...names].join("::")}\n${message}\n`);
}
