import assert from "node:assert/strict";
import { test } from "node:test";

import { Answer } from "../src/answers";
import { describeEnd } from "../src/journal";
import { freeze, thaw } from "../src/kept";
import { decodeKeys, variableIn } from "../src/keys";
import { renderAnswer } from "../src/markdown";
import { newAnswer, result } from "./samples";

const none = () => undefined;

test("an answer reads the same after it was kept, however it has ended", () => {
  const answered = newAnswer();
  answered.finish(result());
  const cancelled = newAnswer();
  cancelled.text = "half";
  cancelled.cancel();
  const failed = newAnswer();
  failed.fail("no such model", { hint: "set `rlm.model`", partial: result({ termination: "failed" }) });
  const followed = new Answer("q2", { text: "And why?", scope: { kind: "workspace" }, about: "demo", options: { maxCalls: 3 } }, answered);
  followed.finish(result({ answer: "So." }));
  for (const answer of [answered, cancelled, failed, followed]) {
    const thawed = thaw(freeze(answer), (id) => (id === answered.id ? answered : undefined));
    assert.ok(thawed);
    assert.equal(renderAnswer(thawed), renderAnswer(answer));
    assert.deepEqual(
      [thawed.id, thawed.session, thawed.phase, thawed.isUnfinished, thawed.question],
      [answer.id, answer.session, answer.phase, answer.isUnfinished, answer.question],
    );
  }
});

test("a follow-up stays in its conversation also if the answer before is not kept", () => {
  const followed = new Answer("q2", newAnswer().question, newAnswer());
  followed.finish(result());
  assert.equal(thaw(freeze(followed), none)?.session, "q1");
});

test("an answer that was being worked on says what became of it, and can go on", () => {
  const thawed = thaw(freeze(newAnswer()), none);
  assert.match(thawed?.failure?.message ?? "", /the window was closed/u);
  assert.equal(thawed?.isUnfinished, true);
});

const frozen = () => JSON.parse(freeze(newAnswer())) as Record<string, unknown>;
for (const [name, text] of [
  ["no JSON", "{"],
  ["no object", "7"],
  ["nothing", "{}"],
  ["a path for an id", JSON.stringify({ ...frozen(), id: "../../etc/passwd" })],
  ["a scope of another version", JSON.stringify({ ...frozen(), scope: { kind: "galaxy" } })],
  ["an answer without a result", JSON.stringify({ ...frozen(), phase: "answered" })],
] as const) {
  test(`${name} is no answer that was kept`, () => {
    assert.equal(thaw(text, none), undefined);
  });
}

test("the log has one line of how a run has ended", () => {
  const answer = newAnswer();
  answer.finish(result());
  assert.match(describeEnd(answer), /^answered in \d+ ms \(final\): extractive, 3 calls, 8\.1k tokens, \$0\.0213, 1 citation$/u);
  const failed = newAnswer();
  failed.fail("no such model");
  assert.match(describeEnd(failed), /^failed in \d+ ms: no such model$/u);
});

test("keys are those of variables for keys, whatever the storage has", () => {
  const stored = { ANTHROPIC_API_KEY: "a", AWS_BEARER_TOKEN_BEDROCK: "b", PATH: "/evil", LD_PRELOAD: "x", GITHUB_TOKEN: 7 };
  assert.deepEqual(decodeKeys(JSON.stringify(stored)), { ANTHROPIC_API_KEY: "a", AWS_BEARER_TOKEN_BEDROCK: "b" });
  for (const text of [undefined, "", "{", "null", "[]", "7"]) {
    assert.deepEqual(decodeKeys(text), {});
  }
});

test("a failure for want of a key names its variable", () => {
  assert.equal(variableIn("m needs an API key, and ANTHROPIC_API_KEY is not set. Set ANTHROPIC_API_KEY."), "ANTHROPIC_API_KEY");
  assert.equal(variableIn("it gets no API keys but those in the variables that RLM_CLI_ENV names"), undefined);
});
