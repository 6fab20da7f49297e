/**
 * The log: one line when a question is asked and one when its run has ended, each with its time.
 */

import type * as vscode from "vscode";

import type { Answer } from "./answers";
import { describeSpent, duration, plural, shorten } from "./progress";

export class Journal {
  readonly #log: vscode.LogOutputChannel;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
  }

  asked(answer: Answer): void {
    this.#log.info(`${nameOf(answer)} asked about ${answer.question.about}`);
  }

  ended(answer: Answer): void {
    const line = `${nameOf(answer)} ${describeEnd(answer)}`;
    if (answer.phase === "failed") {
      this.#log.warn(line);
    } else {
      this.#log.info(line);
    }
  }
}

/** `answered in 4.2 s (final): extractive, 3 calls, 8.1k tokens, 2 citations`. */
export function describeEnd({ phase, result, elapsed, failure }: Answer): string {
  const took = `${phase} in ${duration(elapsed)}`;
  if (result === undefined) {
    return failure === undefined ? took : `${took}: ${failure.message}`;
  }
  const parts = [result.model, ...describeSpent(result.usage), plural(result.citations.length, "citation")];
  const why = failure === undefined ? "" : `${failure.message}; `;
  return `${took} (${result.termination}): ${why}${parts.filter((part) => part !== "").join(", ")}`;
}

/** The question, and the first letters of its number, which the trace and further lines have as well. */
const nameOf = ({ question, id }: Answer) => `“${shorten(question.text, 80)}” [${id.slice(0, 8)}]`;
