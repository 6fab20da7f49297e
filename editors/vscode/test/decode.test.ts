import assert from "node:assert/strict";
import { test } from "node:test";

import {
  decodeCycle,
  decodeDogfood,
  decodeEvent,
  decodeFailureData,
  decodeQuery,
  decodeResult,
  decodeScope,
  decodeSelection,
  decodePreview,
  decodeStatus,
  decodeStopped,
} from "../src/decode";
import { wireResult } from "./samples";

const range = { start: { line: 1, character: 2 }, end: { line: 3, character: 4 } };

test("a result keeps its answer, citations and numbers", () => {
  const result = decodeResult(wireResult);
  assert.equal(result?.answer, wireResult.answer);
  assert.deepEqual(result.citations, wireResult.citations);
  assert.equal(result.usage.costUsd, 0.0213);
});

test("a missing number or list costs no answer", () => {
  const result = decodeResult({ answer: "yes" });
  assert.equal(result?.usage.calls, 0);
  assert.equal(result.usage.costUsd, null);
  assert.deepEqual(result.citations, []);
});

test("citations without a place are left out and others kept", () => {
  const citations = [{ path: "a.rs" }, 7, { path: "b.rs", startLine: 5 }];
  assert.deepEqual(decodeResult({ answer: "", citations })?.citations, [
    { path: "b.rs", startLine: 5, endLine: 5, state: "found" },
  ]);
});

test("of runs those are taken that can go on", () => {
  const run = { run: 3, sessionId: "s", query: "Where?", state: "calls", secondsAgo: 60, calls: 9, costUsd: null };
  const runs = [{ ...run, canGoOn: true }, { ...run, canGoOn: false }, { canGoOn: true }, 7];
  assert.deepEqual(decodeStopped({ runs }), [{ ...run, canGoOn: true }]);
});

for (const value of [null, undefined, 7, "text", [], {}, { answer: 7 }]) {
  test(`${JSON.stringify(value)} is no result, event or status`, () => {
    assert.equal(decodeResult(value), undefined);
    assert.equal(decodeEvent(value), undefined);
    assert.equal(decodeStatus(value), undefined);
  });
}

test("a preview is its words and the warnings", () => {
  assert.equal(decodePreview({ text: "model  m", warnings: ["no folder x"] }), "model  m\nwarning  no folder x");
  assert.equal(decodePreview(null), "");
  assert.equal(decodeDogfood({ markdown: "# Where work pays", report: {} }), "# Where work pays");
  assert.equal(decodeDogfood([]), "");
  const proposals = [{ number: 1, title: "a", kind: "bug-fix", state: "offered" }, { number: 2, state: "rejected" }, 3];
  assert.deepEqual(decodeCycle({ markdown: "# Cycle 4", report: { cycle: 4, proposals } }), {
    markdown: "# Cycle 4",
    cycle: 4,
    offered: [{ number: 1, title: "a", kind: "bug-fix" }],
  });
  assert.deepEqual(decodeCycle(null), { markdown: "", cycle: 0, offered: [] });
});

const events: [wire: Record<string, unknown>, expected: Record<string, unknown> | undefined][] = [
  [{ kind: "delta", text: "a" }, { kind: "delta", text: "a", reset: false }],
  [{ kind: "delta", text: "a", reset: true }, { kind: "delta", text: "a", reset: true }],
  [{ kind: "turn", depth: 1, run: 2, iteration: 3, text: "…" }, { kind: "turn", depth: 1, iteration: 3 }],
  [
    { kind: "cell", depth: 0, run: 2, iteration: 1, cell: 3, code: "a\nb\n", seconds: 0.5, error: "NameError" },
    { kind: "cell", depth: 0, run: 2, iteration: 1, cell: 3, lines: 2, seconds: 0.5, error: "NameError" },
  ],
  [{ kind: "summary", depth: 1, run: 2, text: "…" }, { kind: "summary", depth: 1 }],
  [
    { kind: "subcall", id: 7, depth: 1, run: 0, iteration: 2, cell: 1, state: "failed", label: "x", error: "…" },
    { kind: "subcall", id: 7, depth: 1, run: 0, iteration: 2, cell: 1, state: "failed", label: "x" },
  ],
  [{ kind: "subcall", state: "sleeping" }, undefined],
  [{ kind: "done", result: {} }, undefined],
  [{ kind: "of a later version" }, undefined],
];

for (const [wire, expected] of events) {
  test(`decodes the event ${JSON.stringify(wire)}`, () => {
    const decoded = decodeEvent({ queryId: "q1", seq: 4, ...wire });
    assert.deepEqual(decoded, expected && { queryId: "q1", seq: 4, ...expected });
  });
}

test("the event of the end carries the result", () => {
  const event = decodeEvent({ queryId: "q1", seq: 9, kind: "done", result: wireResult });
  assert.equal(event?.kind === "done" && event.result.answer, wireResult.answer);
});

test("the data of an error is read as far as it is there", () => {
  assert.deepEqual(decodeFailureData(undefined), {});
  assert.deepEqual(decodeFailureData({ kind: "model", hint: "set it", partial: null }), { kind: "model", hint: "set it" });
  assert.equal(decodeFailureData({ partial: wireResult }).partial?.answer, wireResult.answer);
});

test("the code action's argument is a selection and a menu's is not", () => {
  assert.deepEqual(decodeSelection({ uri: "file:///a", range }), { kind: "selection", uri: "file:///a", range });
  assert.equal(decodeSelection({ scheme: "file", path: "/a" }), undefined);
  assert.equal(decodeSelection(undefined), undefined);
});

test("scopes need what their kind needs", () => {
  assert.deepEqual(decodeScope({ kind: "workspace" }), { kind: "workspace" });
  assert.deepEqual(decodeScope({ kind: "file", uri: "file:///a" }), { kind: "file", uri: "file:///a" });
  assert.deepEqual(decodeScope({ kind: "value", value: "a text" }), { kind: "value", value: "a text" });
  assert.equal(decodeScope({ kind: "value" }), undefined);
  assert.equal(decodeScope({ kind: "file" }), undefined);
  assert.equal(decodeScope({ kind: "selection", uri: "file:///a" }), undefined);
  assert.equal(decodeScope({ kind: "galaxy", uri: "file:///a" }), undefined);
});

test("a question may come alone or with scope and options", () => {
  assert.deepEqual(decodeQuery("why?"), { query: "why?", scope: { kind: "workspace" } });
  assert.deepEqual(decodeQuery({ query: "why?", options: { maxCalls: 3 } }), {
    query: "why?",
    scope: { kind: "workspace" },
    options: { maxCalls: 3 },
  });
  assert.equal(decodeQuery({ query: " " }), undefined);
  assert.equal(decodeQuery(undefined), undefined);
});

test("a status lists its runs", () => {
  const runs = [{ queryId: "q1", query: "why?", seconds: 2, message: "reading" }];
  assert.deepEqual(decodeStatus({ version: "1", model: "m", why: "configured", runs })?.runs, runs);
});
