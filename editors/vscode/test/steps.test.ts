import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeEvent } from "../src/decode";
import { describeWork, renderAnswer } from "../src/markdown";
import { Steps } from "../src/steps";
import { newAnswer } from "./samples";

/** Takes events in as the wire brings them. */
function feed(steps: Pick<Steps, "apply">, ...events: Record<string, unknown>[]): void {
  events.forEach((fields, seq) => {
    const event = decodeEvent({ queryId: "q1", seq, ...fields });
    assert.ok(event, `malformed event ${JSON.stringify(fields)}`);
    steps.apply(event);
  });
}

const call = (id: number, state = "started", of: Record<string, unknown> = {}) =>
  ({ kind: "subcall", depth: 1, run: 0, iteration: 1, cell: 1, id, label: `part ${id}`, state, ...of });
const cell = (of: Record<string, unknown> = {}) =>
  ({ kind: "cell", depth: 0, run: 0, iteration: 1, cell: 1, code: "a\nb\n", seconds: 2, ...of });
const ids = [0, 1, 2, 3, 4, 5, 6, 7];

test("of the sub-calls of a program it is told how many have ended", () => {
  const steps = new Steps();
  feed(steps, ...ids.map((id) => call(id)), call(1, "ended"), call(2, "failed"), call(2, "ended"));
  assert.equal(steps.inProgress, "2 of 8 sub-calls ended, 1 failed");
  assert.deepEqual(steps.lines, ["now asked: part 0, part 3, part 4, and 3 more"]);
  feed(steps, ...ids.map((id) => call(id, "ended")));
  assert.equal(steps.inProgress, "");
  feed(steps, cell());
  assert.deepEqual(steps.lines, ["turn 1: a program of 2 lines, 8 sub-calls, 2 s"]);
});

test("calls of child runs do not hide those of the run itself", () => {
  const steps = new Steps();
  feed(steps, call(0), call(1), call(2, "started", { depth: 2, run: 1 }), call(2, "ended", { depth: 2, run: 1 }));
  assert.equal(steps.inProgress, "0 of 2 sub-calls ended");
  feed(steps, cell({ depth: 1, run: 1, error: "NameError" }));
  assert.equal(steps.inProgress, "0 of 2 sub-calls ended");
  assert.deepEqual(steps.lines, ["now asked: part 0, part 1"]);
});

test("the next program counts anew, and what was left open by one that failed is gone", () => {
  const steps = new Steps();
  feed(steps, call(0), cell({ error: "NameError: x" }), call(1, "started", { iteration: 2 }));
  assert.equal(steps.inProgress, "0 of 1 sub-call ended");
  assert.deepEqual(steps.lines, [
    "turn 1: a program of 2 lines, 1 sub-call, 2 s, failed: NameError: x",
    "now asked: part 1",
  ]);
});

test("of many steps the latest are shown", () => {
  const steps = new Steps();
  feed(steps, ...ids.map((iteration) => cell({ iteration })));
  assert.deepEqual([steps.lines.length, steps.lines[0], steps.lines.at(-1)], [
    7,
    "… 2 earlier steps",
    "turn 7: a program of 2 lines, 2 s",
  ]);
});

test("an answer that is worked on shows its steps and how long it takes, and one that has ended does not", () => {
  const answer = newAnswer();
  answer.began = Date.now() - 90_000;
  feed(answer, { kind: "progress", message: "turn 1: its program is running", calls: 4 }, call(0), call(1), call(0, "ended"));
  assert.equal(describeWork(answer).replace(/ \d+ s$/u, ""), "turn 1: its program is running, 1 of 2 sub-calls ended · 4 calls · 1 min");
  assert.match(renderAnswer(answer), /\*\*Working:\*\* [^\n]* · 1 min \d+ s\n\n- now asked: part 1\n$/u);
  answer.cancel();
  assert.doesNotMatch(renderAnswer(answer), /now asked|Working/u);
});
