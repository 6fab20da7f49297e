// Serves scripted replies by the protocols of all providers that aimock (npm: @copilotkit/aimock) knows.
//
// Usage: serve.mjs FOLDER [SEED], where FOLDER has the package in its node_modules. Prints the base URL, and ends when its
// standard input closes. With a seed its chance is the same each time. The same script is followed whatever the protocol: a program and a sub-call, or the call of a tool; a reply
// that is cut off; a plain answer.

import { pathToFileURL } from "node:url";
import { join } from "node:path";

const entry = join(process.argv[2], "node_modules", "@copilotkit", "aimock", "dist", "index.js");
const { LLMock } = await import(pathToFileURL(entry).href);

/** Numbers from 0 to 1 that look like chance (mulberry32). */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), seed | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (process.argv[3]) {
  Math.random = chance(Number(process.argv[3]));
}

/** The numbers of tokens, in the words of every protocol. */
const USAGE = {
  prompt_tokens: 1230, completion_tokens: 70, input_tokens: 1230, output_tokens: 70,
  promptTokenCount: 1230, candidatesTokenCount: 70, inputTokens: 1230, outputTokens: 70,
  prompt_eval_count: 1230, eval_count: 70,
};

const PROGRAM = `I look first.
\`\`\`repl
found = grep('needle')
told = llm_query('SUBCALL: ' + found[0].text)
print('told:', told)
\`\`\`
`;

const ANSWER = `That is enough.
\`\`\`repl
FINAL(f'The text says {told} in {found[0].path}:{found[0].line}')
\`\`\`
`;

const said = (request, role) => request.messages.filter((it) => it.role === role);
const text = (request) => JSON.stringify(request.messages);
const hasTools = (request) => (request.tools ?? []).length > 0;

const script = [
  [(it) => text(it).includes("CUT-OFF"), { content: "half of an ans", finishReason: "length" }],
  [(it) => text(it).includes("PLAIN"), { content: "the plain answer, whole and exact (stack.txt:2)" }],
  [(it) => text(it).includes("SUBCALL: ") && said(it, "assistant").length === 0 && !text(it).includes("llm_query"),
    { content: "it says forty-two" }],
  [(it) => hasTools(it) && said(it, "tool").length === 0,
    { toolCalls: [{ name: "grep", arguments: JSON.stringify({ pattern: "needle" }) }] }],
  [(it) => hasTools(it), { content: "A tool has found it in stack.txt:2" }],
  [(it) => said(it, "assistant").length === 0, { content: PROGRAM }],
  [() => true, { content: ANSWER }],
];

const mock = new LLMock({ port: 0, chunkSize: 9 });
for (const [predicate, response] of script) {
  mock.on({ predicate }, { ...response, usage: USAGE });
}
await mock.start();
console.log(mock.url);
process.stdin.on("end", () => process.exit(0)).resume();
