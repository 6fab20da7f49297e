import assert from "node:assert/strict";
import { test } from "node:test";

import { Answer } from "../src/answers";
import { findMentions } from "../src/links";
import { renderAnswer } from "../src/markdown";
import { newAnswer, result } from "./samples";

test("a new answer shows its question and that work has begun", () => {
  assert.equal(
    renderAnswer(newAnswer()),
    "# Where is it?\n\n*About the workspace demo*\n\n**Working:** starting\n",
  );
});

test("a question of several lines makes one heading", () => {
  assert.match(renderAnswer(newAnswer("Where\n  is\tit?")), /^# Where is it\?\n\n/u);
});

test("a growing answer shows what is done now and the text so far", () => {
  const answer = newAnswer();
  answer.apply({
    queryId: "q1",
    seq: 0,
    kind: "progress",
    message: "reading 3 of 12",
    calls: 4,
    subCalls: 3,
    cachedCalls: 0,
    inputTokens: 8000,
    outputTokens: 100,
    costUsd: 0.02,
  });
  answer.apply({ queryId: "q1", seq: 1, kind: "delta", text: "It is", reset: false });
  assert.match(
    renderAnswer(answer),
    /\*\*Working:\*\* reading 3 of 12 · 4 calls · 8\.1k tokens · \$0\.0200\n\nIt is\n$/u,
  );
});

test("a whole answer ends with its citations and what it took", () => {
  const answer = newAnswer();
  answer.finish(result());
  assert.equal(
    renderAnswer(answer),
    `# Where is it?

*About the workspace demo*

It is in \`src/a.rs:10-14\`.

---

**Citations**

- src/a.rs:10-14 (quoted)

*quoted: the lines say what is quoted from them*

\`extractive\` · 14 files (22 kB, 2 left out: 2 ignored) · 3 calls · 8.1k tokens · $0.0213 · 4.2 s
`,
  );
});

test("a follow-up names the answer that it follows", () => {
  const first = newAnswer("Where is\n it?");
  const second = new Answer("q2", { ...first.question, text: "And why?" }, first);
  assert.match(renderAnswer(second), /^# And why\?\n\n\*About the workspace demo, after “Where is it\?”\*\n/u);
});

test("citations say what was found of them, each once, and what that means is said once", () => {
  const citation = { path: "a.rs", startLine: 1, endLine: 1, state: "missing" as const };
  const others = [3, 5].map((line) => ({ path: "b.rs", startLine: line, endLine: line, state: "found" as const }));
  const answer = newAnswer();
  answer.finish(result({ citations: [citation, citation, ...others] }));
  const listed = [
    "**Citations**",
    "- a.rs:1 (missing)\n- b.rs:3 (found)\n- b.rs:5 (found)",
    "*found: the lines exist, and nothing is quoted from them; missing: there are no such lines, or they do not say what " +
      "is quoted*",
  ];
  assert.ok(renderAnswer(answer).includes(`${listed.join("\n\n")}\n\n`), renderAnswer(answer));
});

test("every citation in the list is found again as a link", () => {
  const citations = ["src/a.rs", "Makefile", "my docs/b c.md"].map((path) => ({ path, startLine: 3, endLine: 9 }));
  const answer = newAnswer();
  answer.finish(result({ answer: "", citations }));
  const paths = findMentions(renderAnswer(answer), citations.map((it) => it.path)).map((it) => it.path);
  assert.deepEqual(paths, citations.map((it) => it.path));
});

test("parts that were lost are named", () => {
  const answer = newAnswer();
  answer.finish(result({ lost: [{ depth: 1, label: "src/big.rs", error: "timed out" }, { depth: 2, error: "cut off" }] }));
  assert.match(renderAnswer(answer), /2 parts could not be read\n\n- src\/big\.rs: timed out\n- a call at depth 2: cut off/u);
});

test("what is not as the user thinks is said", () => {
  const answer = newAnswer();
  answer.finish(result({ warnings: ["there is no folder /gone"] }));
  assert.match(renderAnswer(answer), /---\n\n\*\*Note:\*\* there is no folder \/gone/u);
});

test("of many parts that were lost the first are named", () => {
  const answer = newAnswer();
  const lost = Array.from({ length: 30 }, (_, at) => ({ depth: 1, label: `part ${at}`, error: "timed out" }));
  answer.finish(result({ lost, lostCount: 1200 }));
  assert.match(renderAnswer(answer), /1,?200 parts could not be read[^]*- part 19: timed out\n- … and 1180 more/u);
});

const endings: [termination: string, notice: RegExp][] = [
  ["calls", /\*\*Partial answer:\*\* the run ended at a limit \(setting `rlm\.maxCalls`\)/u],
  ["timeout", /setting `rlm\.timeout`/u],
  ["forced", /\*\*Possibly incomplete:\*\*/u],
];

for (const [termination, notice] of endings) {
  test(`an answer that ended by ${termination} says so`, () => {
    const answer = newAnswer();
    answer.finish(result({ termination }));
    assert.match(renderAnswer(answer), notice);
  });
}

for (const termination of ["final", "direct"]) {
  test(`an answer that ended by ${termination} has no notice`, () => {
    const answer = newAnswer();
    answer.finish(result({ termination }));
    assert.match(renderAnswer(answer), /\*About the workspace demo\*\n\nIt is in/u);
  });
}

test("a cancelled answer says so before what was found", () => {
  const answer = newAnswer();
  answer.text = "half";
  answer.cancel();
  const expected = /\*\*Cancelled\.\*\* The answer was cut off; this is what there was of it:\n\nhalf\n$/u;
  assert.match(renderAnswer(answer), expected);
});

test("a run cancelled before it found anything says only that", () => {
  const answer = newAnswer();
  answer.cancel();
  assert.match(renderAnswer(answer), /\*\*Cancelled\.\*\*\n$/u);
});

test("a failure shows its message and what to do", () => {
  const answer = newAnswer();
  answer.fail("no such model", { hint: "set `rlm.model`" });
  assert.match(renderAnswer(answer), /\*\*Failed\.\*\* No such model\.\n\nSet `rlm\.model`\.\n$/u);
});

test("an answer that rests on nothing, or cites nothing, says so before the text", () => {
  for (const [grounded, said] of [
    ["none", /\*\*Unsupported:\*\* nothing of the text supports this answer/u],
    ["looked", /\*\*Without citations:\*\*/u],
  ] as const) {
    const answer = newAnswer();
    answer.finish(result({ grounded }));
    assert.match(renderAnswer(answer), said);
  }
  const answer = newAnswer();
  answer.finish(result({ grounded: "cited" }));
  assert.doesNotMatch(renderAnswer(answer), /Unsupported|Without citations/u);
});
