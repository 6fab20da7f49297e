// A model for the tests, run by the server for each turn: it writes one program, which depends on a word of the question, or the
// blocks of a change.

import { text } from "node:stream/consumers";

const PROGRAMS = [
  ["begin", 'kept = 6 * 7\nFINAL("It has begun.")'],
  ["fence", 'FINAL("""The handler is here (src/queue.py:6):\n\n```js\nfunction View(name) {\n```\n\nThat is all.\n""")'],
  ["be long", 'FINAL("\\n\\n".join(f"Paragraph {n} of many." for n in range(200)))'],
  ["parts", 'print(llm_query_batched([f"Look at part {n}." for n in range(8)]))'],
  ["quote", 'FINAL("It is in src/queue.py:3:\\n\\n```python\\nfrom nowhere import nothing\\n```\\n")'],
  ["", "FINAL(f\"{globals().get('kept')} after {len(globals().get('history', []))}\")"],
];

const CHANGE = `The ceiling and the base become twice as large.

src/backoff.py
<<<<<<< SEARCH
BASE_SECONDS = 0.5
=======
BASE_SECONDS = 1.0
>>>>>>> REPLACE
<<<<<<< SEARCH
    delay = min(CEILING_SECONDS, BASE_SECONDS * 2**attempt)
=======
    delay = min(2 * CEILING_SECONDS, BASE_SECONDS * 2**attempt)
>>>>>>> REPLACE
`;

const prompt = await text(process.stdin);
const question = prompt.split("# Question").at(-1);
if (prompt.includes("What is wanted:")) {
  console.log(CHANGE);
} else if (question.includes("hang")) {
  // Longer than anything waits; the server ends this process.
  setTimeout(() => undefined, 600_000);
} else {
  const [, program] = PROGRAMS.find(([word]) => question.includes(word));
  console.log(`\`\`\`repl\n${program}\n\`\`\``);
}
