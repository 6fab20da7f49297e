import assert from "node:assert/strict";
import { test } from "node:test";

import { Answer } from "../src/answers";
import { decodeEvent } from "../src/decode";
import { newAnswer, result } from "./samples";

/** Feeds events to an answer as the wire brings them. */
function feed(answer: Answer, ...events: Record<string, unknown>[]): Answer {
  events.forEach((fields, seq) => {
    const event = decodeEvent({ queryId: "q1", seq, ...fields });
    assert.ok(event, `malformed event ${JSON.stringify(fields)}`);
    answer.apply(event);
  });
  return answer;
}

test("deltas make the text, and a reset replaces it", () => {
  const answer = feed(newAnswer(), { kind: "delta", text: "On" }, { kind: "delta", text: "e" });
  assert.equal(answer.text, "One");
  feed(answer, { kind: "delta", text: "Two", reset: true });
  assert.equal(answer.text, "Two");
});

test("the result is authoritative over the deltas", () => {
  const answer = feed(newAnswer(), { kind: "delta", text: "half of" });
  answer.finish(result({ answer: "the whole" }));
  assert.deepEqual([answer.phase, answer.text], ["answered", "the whole"]);
});

test("an event that comes after the end changes nothing", () => {
  const answer = newAnswer();
  answer.finish(result({ answer: "the whole" }));
  feed(answer, { kind: "delta", text: "late" });
  assert.equal(answer.text, "the whole");
});

test("the activity is the server's message, or what the last event means", () => {
  const answer = feed(newAnswer(), { kind: "started", model: "m", context: { files: 2, bytes: 10 } });
  assert.equal(answer.activity, "m looks into 2 files (10 B)");
  feed(answer, { kind: "progress", message: "reading 3 of 12" });
  assert.equal(answer.activity, "reading 3 of 12");
  feed(answer, { kind: "summary", depth: 0, run: 1, text: "…" });
  assert.equal(answer.activity, "going on from a summary of what it found");
  feed(answer, { kind: "progress", message: "reading 3 of 12" });
  feed(answer, { kind: "turn", depth: 1, iteration: 1 });
  assert.equal(answer.activity, "reading 3 of 12", "steps of child runs do not show");
});

test("once stopped it says so until the end, whatever still arrives", () => {
  const answer = newAnswer();
  answer.stop();
  feed(answer, { kind: "progress", message: "reading" }, { kind: "delta", text: "half" });
  assert.deepEqual([answer.phase, answer.activity, answer.text], ["stopping", "stopping", "half"]);
  answer.cancel();
  assert.equal(answer.phase, "cancelled");
});

test("a cancelled run keeps its partial answer", () => {
  const answer = feed(newAnswer(), { kind: "delta", text: "half" });
  answer.cancel(result({ answer: "half of it", termination: "cancelled" }));
  assert.deepEqual([answer.phase, answer.text], ["cancelled", "half of it"]);
});

test("an empty partial result does not wipe out what had streamed in", () => {
  const answer = feed(newAnswer(), { kind: "delta", text: "half" });
  answer.cancel(result({ answer: "", termination: "cancelled" }));
  assert.equal(answer.text, "half");
});

test("what was shown stays when a run ends by an event that has nothing", () => {
  for (const termination of ["cancelled", "failed"]) {
    const done = { kind: "done", result: { answer: "", termination } };
    const answer = feed(newAnswer(), { kind: "delta", text: "half" }, done);
    assert.equal(answer.text, "half");
  }
});

test("the end of a cancelled run comes as an event too", () => {
  const done = { kind: "done", result: { answer: "half", termination: "cancelled" } };
  assert.equal(feed(newAnswer(), done).phase, "cancelled");
});

test("a failure keeps its hint", () => {
  const answer = newAnswer();
  answer.fail("no such model", { hint: "set `rlm.model`" });
  assert.deepEqual([answer.phase, answer.failure], ["failed", { message: "no such model", hint: "set `rlm.model`" }]);
});

test("follow-ups share the session of the first question", () => {
  const first = newAnswer();
  const second = new Answer("q2", first.question, first);
  const third = new Answer("q3", first.question, second);
  assert.deepEqual([first, second, third].map((it) => it.session), ["q1", "q1", "q1"]);
  assert.equal(new Answer("q4", first.question).session, "q4");
});

test("what ended before its time can go on, and nothing else", () => {
  const ended = (termination: string) => {
    const answer = newAnswer();
    answer.finish(result({ termination, run: 12 }));
    return answer;
  };
  for (const termination of ["final", "direct", "forced"]) {
    assert.equal(ended(termination).isUnfinished, false, termination);
  }
  for (const termination of ["calls", "cancelled", "timeout", "failed"]) {
    assert.equal(ended(termination).isUnfinished, true, termination);
    assert.equal(ended(termination).result?.run, 12);
  }
  assert.equal(newAnswer().isUnfinished, false);
  const failed = newAnswer();
  failed.fail("the server ended");
  assert.equal(failed.isUnfinished, true);
});

test("a refusal for a session in use is said in the user's words, any other in the server's", () => {
  const busy = newAnswer();
  busy.refuse('another question of the session "q1" is being answered');
  assert.equal(busy.phase, "failed");
  assert.equal(busy.failure?.message, "an earlier question of this session is still being answered");
  assert.ok(busy.failure.hint);
  const malformed = newAnswer();
  malformed.refuse("maxCalls must be at least 1");
  assert.deepEqual(malformed.failure, { message: "maxCalls must be at least 1" });
});

test("an answer that came while it was being stopped is an answer", () => {
  const answer = newAnswer();
  answer.stop();
  answer.finish(result());
  assert.equal(answer.phase, "answered");
});
