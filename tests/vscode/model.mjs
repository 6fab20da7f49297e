// A model for the tests, run by the server for each turn: it writes one program, which depends on a word of the question.

import { text } from "node:stream/consumers";

const PROGRAMS = [
  ["begin", 'kept = 6 * 7\nFINAL("It has begun.")'],
  ["quote", 'FINAL("It is in src/queue.py:3:\\n\\n```python\\nfrom nowhere import nothing\\n```\\n")'],
  ["", "FINAL(f\"{globals().get('kept')} after {len(globals().get('history', []))}\")"],
];

const question = (await text(process.stdin)).split("# Question").at(-1);
if (question.includes("hang")) {
  // Longer than anything waits; the server ends this process.
  setTimeout(() => undefined, 600_000);
} else {
  const [, program] = PROGRAMS.find(([word]) => question.includes(word));
  console.log(`\`\`\`repl\n${program}\n\`\`\``);
}
