import assert from "node:assert/strict";
import { test } from "node:test";

import {
  compact,
  describeAge,
  describeContext,
  describeProgress,
  describeSaved,
  duration,
  money,
  plural,
  sentence,
  shorten,
} from "../src/progress";

test("replies that were known are told with what they saved", () => {
  assert.equal(describeSaved({ cachedCalls: 0, savedTokens: 0, savedUsd: 0 }), "");
  assert.equal(describeSaved({ cachedCalls: 1, savedTokens: 950, savedUsd: null }), "1 reply known before (950 tokens saved)");
  assert.equal(
    describeSaved({ cachedCalls: 12, savedTokens: 8100, savedUsd: 1.2 }),
    "12 replies known before (8.1k tokens, $1.20 saved)",
  );
});

test("a conversation says how long it is and how old", () => {
  const kept = { sessionId: "s", title: "why?", questions: 1, secondsAgo: 59 };
  assert.equal(describeAge(kept), "1 question, 0 minutes ago");
  assert.equal(describeAge({ ...kept, questions: 3, secondsAgo: 7_300 }), "3 questions, 2 hours ago");
  assert.equal(describeAge({ ...kept, secondsAgo: 90_000 }), "1 question, 1 day ago");
});

const nothing = { calls: 0, subCalls: 0, cachedCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: null };

test("progress leaves out what is zero or unknown", () => {
  assert.equal(describeProgress({ message: "reading", ...nothing }), "reading");
  assert.equal(describeProgress({ message: "", ...nothing, calls: 1 }), "1 call");
  assert.equal(
    describeProgress({ ...nothing, message: "reading", calls: 12, subCalls: 11, cachedCalls: 3, inputTokens: 8000, outputTokens: 120, costUsd: 1.2 }),
    "reading · 12 calls · 8.1k tokens · $1.20 · 3 known before",
  );
});

test("a context says how much was left out", () => {
  assert.equal(describeContext({ files: 1, bytes: 0, characters: 0, skipped: 0, skippedFor: [], store: null }), "1 file (0 B)");
  const skippedFor = [{ reason: "ignored", count: 2 }, { reason: "binary", count: 1 }];
  const context = { files: 40, bytes: 1_250_000, characters: 0, skipped: 3, skippedFor, store: null };
  assert.equal(describeContext(context), "40 files (1.3 MB, 3 left out: 2 ignored, 1 binary)");
  assert.equal(describeContext({ files: 2, bytes: 999_600, characters: 0, skipped: 0, skippedFor: [], store: null }), "2 files (1 MB)");
  const stored = { files: 2, bytes: 999_600, characters: 0, skipped: 0, skippedFor: [], store: "s3://texts/linux" };
  assert.equal(describeContext(stored), "2 files of a shard store (1 MB)");
});

const numbers: [count: number, text: string][] = [
  [0, "0"],
  [999, "999"],
  [1_000, "1k"],
  [8_120, "8.1k"],
  [9_990, "10k"],
  [120_400, "120k"],
  [999_999, "1M"],
  [3_400_000, "3.4M"],
];
for (const [count, text] of numbers) {
  test(`${count} reads ${text}`, () => {
    assert.equal(compact(count), text);
  });
}

const times: [milliseconds: number, text: string][] = [
  [12, "12 ms"],
  [960, "1 s"],
  [4_200, "4.2 s"],
  [59_600, "1 min"],
  [200_000, "3 min 20 s"],
];
for (const [milliseconds, text] of times) {
  test(`${milliseconds} ms reads ${text}`, () => {
    assert.equal(duration(milliseconds), text);
  });
}

test("small amounts of money keep their digits", () => {
  assert.equal(money(0.0021), "$0.0021");
  assert.equal(money(2.5), "$2.50");
});

test("nouns agree with their number", () => {
  assert.deepEqual([plural(0, "call"), plural(1, "call"), plural(2, "call")], ["0 calls", "1 call", "2 calls"]);
});

test("an error becomes a sentence and a sentence stays one", () => {
  assert.equal(sentence("no such model"), "No such model.");
  assert.equal(sentence("Set `rlm.model`."), "Set `rlm.model`.");
  assert.equal(sentence("qwen limits the rate"), "qwen limits the rate.");
  assert.equal(sentence("the-model: no"), "the-model: no.");
  assert.equal(sentence(" "), "");
});

test("a long text is shortened at a character and a short one only joined", () => {
  assert.equal(shorten("a\n b", 10), "a b");
  assert.equal(shorten("where is the parser", 10), "where is…");
  assert.equal(shorten("🦀🦀🦀🦀", 3), "🦀🦀…");
});
