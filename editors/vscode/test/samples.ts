/**
 * Messages as a server sends them, to be varied by the tests.
 */

import { Answer } from "../src/answers";
import { decodeResult } from "../src/decode";
import type { Result } from "../src/model";

/** The result of docs/protocol.md, with what a test is about put in its place. */
export function result(changes: Record<string, unknown> = {}): Result {
  const decoded = decodeResult({ ...wireResult, ...changes });
  if (decoded === undefined) {
    throw new Error("the sample is malformed");
  }
  return decoded;
}

export const wireResult = {
  queryId: "q1",
  sessionId: null,
  answer: "It is in `src/a.rs:10-14`.",
  termination: "final",
  grounded: "cited",
  citations: [{ path: "src/a.rs", startLine: 10, endLine: 14, state: "quoted", uri: "file:///work/demo/src/a.rs" }],
  lost: [],
  lostCount: 0,
  warnings: [],
  usage: { calls: 3, rootCalls: 2, subCalls: 1, inputTokens: 7000, outputTokens: 1100, costUsd: 0.0213, wallMs: 4200 },
  model: "extractive",
  worker: "extractive",
  context: { files: 14, bytes: 22_400, characters: 22_000, skipped: 2, skippedFor: [{ reason: "ignored", count: 2 }] },
  trace: null,
};

export function newAnswer(text = "Where is it?"): Answer {
  return new Answer("q1", { text, scope: { kind: "workspace" }, about: "the workspace demo" });
}
