import assert from "node:assert/strict";
import { test } from "node:test";

import { sentence } from "../src/progress";
import { inEditor, settingIn } from "../src/words";

const words: [terminal: string, editor: string][] = [
  ["choose another model with --model", "choose another model with `rlm.model`"],
  ["choose another model with the setting `model`", "choose another model with `rlm.model`"],
  ["see `--reply-tokens`; --unknown stays", "see `rlm.replyTokens`; --unknown stays"],
  ["the client's settings: maxCalls: expected a whole number", "the setting `rlm.maxCalls`: expected a whole number"],
  [
    'set RLM_PRICE="cli:echo hi=INPUT/OUTPUT", in US dollars per million tokens',
    'set `rlm.price` to `{"cli:echo hi": [INPUT, OUTPUT]}`, in US dollars per million tokens',
  ],
  ["is it running? `rlm doctor` checks", "is it running? `rlm doctor` in a terminal checks"],
  ["qwen limits the rate", "qwen limits the rate"],
];
for (const [terminal, editor] of words) {
  test(`“${terminal}” reads “${editor}”`, () => {
    assert.equal(inEditor(terminal), editor);
    assert.equal(inEditor(editor), editor);
  });
}

for (const name of ["anthropic::claude-sonnet-5-5 needs a key", "openai::gpt-9 is not known", "cli:nonexistent-program failed"]) {
  test(`the name in “${name}” keeps its letters`, () => {
    assert.equal(sentence(name), `${name}.`);
  });
}

test("the setting that a failure speaks of is the one that is opened", () => {
  assert.equal(settingIn('set RLM_PRICE="m=INPUT/OUTPUT"'), "price");
  assert.equal(settingIn("Set ANTHROPIC_API_KEY, or choose another model with the setting `model`."), "model");
  assert.equal(settingIn("set rlm.nonsense"), undefined);
  assert.equal(settingIn("it failed"), undefined);
});
