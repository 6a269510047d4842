// Offers the functions that define tests as globals, for suites written for mocha: their callbacks take `done` and no
// context.
import * as runner from "node:test";

const plain = (define) => (name, body) => define(name, body?.length ? (_, done) => body(done) : body);
const { describe, it, before, after, beforeEach, afterEach } = runner;
const offered = { describe, suite: describe, context: describe, it: plain(it), test: plain(it), specify: plain(it) };
for (const one of ["it", "test", "specify"]) Object.assign(offered[one], { skip: it.skip, todo: it.todo });
const hooks = { before, after, beforeEach, afterEach };
for (const [name, hook] of Object.entries(hooks)) offered[name] = (body) => hook(body.length ? (_, done) => body(done) : body);
for (const [name, one] of Object.entries(offered)) globalThis[name] ??= one;
