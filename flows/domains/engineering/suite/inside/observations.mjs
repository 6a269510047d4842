// Records how values of the tested code compare in rewritten tests, without knowing which comparison is the right one,
// and writes one line per test. The examiner outside holds the key, so code that takes over this process has to guess.
import assert from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import fs from "node:fs";
import process from "node:process";
import { inspect } from "node:util";

const { strictEqual, equal, deepStrictEqual, deepEqual, throws: throwsNatively, AssertionError } = assert;
const { writeSync } = fs;
const compare = { strict: strictEqual, loose: equal, deep: deepStrictEqual, deepLoose: deepEqual };
const { file, report: place, select } = JSON.parse(process.env.OBSERVED);
delete process.env.OBSERVED;
const report = fs.openSync(place, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_APPEND, 0o600);
const selected = new Set(select), running = new AsyncLocalStorage(), groups = [], ALTERED = Symbol("altered");

class Lineup {
  constructor(name, options) { this.name = name; this.options = options; }
}

function holds(mode, one, other) {
  try { compare[mode](one, other); return true; } catch { return false; }
}

function record(point, bits) {
  const seen = running.getStore()?.seen;
  if (!seen) return;
  if (!seen.has(point)) seen.set(point, new Set());
  seen.get(point).add(bits.map((one) => (one ? "1" : "0")).join(""));
}

function fail(message) { throw new AssertionError({ message }); }

function altered(value) {
  if (typeof value === "string") return value + "\0?";
  if (typeof value === "number") return value + 1;
  return Array.isArray(value) ? [...value, ALTERED] : ALTERED;
}

function matches(error, expected) {
  if (expected === undefined) return true;
  try { throwsNatively(() => { throw error; }, expected); return true; } catch { return false; }
}

function raised(point, error, expected) {
  const options = expected instanceof Lineup ? expected.options : [expected];
  const bits = options.map((one) => matches(error, one));
  record(expected instanceof Lineup ? `${point}:${expected.name}` : point, bits);
  if (!bits.includes(true)) fail("the error is not one of those expected");
}

// The failure as a user would report it: the noted call whose assertion is on the stack, its result, the expected one.
const SHOWN = { depth: 6, breakLength: Infinity, compact: 100, maxArrayLength: 60, maxStringLength: 400 };
const LONGEST = 300, OPAQUE = /\[(Function|Object|Array|class|Getter|Circular|Symbol)|<Buffer|<ref|more item|more char/;

function shown(value) {
  const text = inspect(value, SHOWN);
  return text.length > LONGEST || OPAQUE.test(text) ? undefined : text;
}

const FILE = `${file}:`;
let table = [];
const noted = new Map();

function written(described) {
  const parts = described.map((one) => (typeof one === "string" ? one : noted.get(one)?.map(shown)));
  const whole = parts.every((one) => one !== undefined && !(Array.isArray(one) && one.includes(undefined)));
  return whole ? parts.map((one) => (Array.isArray(one) ? one.join(", ") : one)).join("") : undefined;
}

function symptom(error) {
  const places = String(error?.stack).split("\n").filter((one) => one.includes(FILE));
  const lines = places.map((one) => Number.parseInt(one.slice(one.indexOf(FILE) + FILE.length), 10));
  const found = table.find(([, first, last]) => lines.some((line) => first <= line && line <= last));
  const call = found && written(found[3]);
  if (!call || call.length > LONGEST) return undefined;
  const [method] = found, message = String(error.message).slice(0, LONGEST);
  if (error.code !== "ERR_ASSERTION") return { kind: "raises", call, exception: String(error.name), message };
  if (["throws", "rejects"].includes(method)) {
    return /Missing expected/.test(message) ? { kind: "no_raise", call, exception: "error" } : undefined;
  }
  if (["ok", "default"].includes(method)) return { kind: "false", call };
  const [expected, actual] = [shown(error.expected), shown(error.actual)];
  const differ = expected && actual && expected !== actual;
  return differ && /^(deep|strict)?(Strict)?equal/i.test(method) ? { kind: "value", call, expected, actual } : undefined;
}

const run = (path, body, own, context, plain) => new Promise((resolve, reject) => {
  const done = (error) => (error ? reject(error) : resolve());
  const given = plain ? [done] : [context, done];
  const returned = body.apply(own, given);
  if (body.length < given.length) resolve(returned);
});

const observations = Object.freeze({
  lineup: (name, options) => new Lineup(name, options),
  choose(point, mode, lineup, value) {
    const bits = lineup.options.map((one) => holds(mode, value, one));
    record(`${point}:${lineup.name}`, bits);
    if (!bits.includes(true)) fail("the value is not one of those expected");
  },
  same(point, mode, one, other) {
    const same = holds(mode, one, other);
    record(point, [same, holds(mode, one, altered(other)), holds(mode, one, ALTERED)]);
    if (!same) fail("the values differ");
  },
  differs(point, mode, one, other) {
    const same = holds(mode, one, other);
    record(point, [same]);
    if (same) fail("the values are equal");
  },
  truth(point, wanted, value) {
    record(point, [value]);
    if (Boolean(value) !== Boolean(wanted)) fail("the condition does not hold");
  },
  match(point, wanted, text, pattern) {
    const found = pattern.test(text);
    record(point, [found]);
    if (found !== Boolean(wanted)) fail("the text does not match as expected");
  },
  throws(point, body, expected) {
    let error;
    try { body(); } catch (one) { error = { one }; }
    if (!error) fail("nothing is thrown");
    raised(point, error.one, expected);
  },
  async rejects(point, body, expected) {
    let error;
    try { await (typeof body === "function" ? body() : body); } catch (one) { error = { one }; }
    if (!error) fail("nothing is rejected");
    raised(point, error.one, expected);
  },
  described(given) { table = given; },
  noted(number, given) {
    noted.set(number, given);
    return given;
  },
  group: (name, body) => function group(...given) {
    groups.push(name);
    try { return body.apply(this, given); } finally { groups.pop(); }
  },
  test(name, body, plain) {
    const path = [...(running.getStore()?.path ?? groups), name];
    const id = [file, ...path].join("::");
    return async function test(...given) {
      const seen = new Map();
      let outcome = "passed", message = "", reported;
      try {
        await running.run({ path, seen }, run, path, body, this, given[0], plain);
      } catch (error) {
        [outcome, message] = ["failed", String(error?.message ?? error).slice(0, 600)];
        reported = symptom(error);
        throw error;
      } finally {
        const points = Object.fromEntries([...seen].map(([point, bits]) => [point, [...bits].sort()]));
        const line = JSON.stringify({ id, outcome, seconds: 0, message, seen: points, symptom: reported });
        if (selected.has(id)) writeSync(report, line + "\n");
      }
    };
  },
});
Object.defineProperty(globalThis, "_observations", { value: observations });
