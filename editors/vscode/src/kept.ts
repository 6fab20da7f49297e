/**
 * An answer as it is kept on the disk, and back. What is read is checked as what comes from the server is: another
 * version of this extension may have written it.
 */

import { Answer, type Phase } from "./answers";
import { decodeOptions, decodeResult, decodeScope } from "./decode";
import type { Options, Result, Scope } from "./model";

/** What is kept of an answer. */
interface Kept {
  id: string;
  began: number;
  text: string;
  about: string;
  scope: Scope;
  options?: Options;
  /** The id of the answer that the question follows up on. */
  follows?: string;
  session: string;
  phase: Phase;
  answer: string;
  result?: Result;
  failure?: { message: string; hint?: string };
}

/** Names of files are made of ids. */
const ID = /^[\w-]{1,64}$/u;

/** What is said of an answer that was being worked on when the window closed. */
const CUT = {
  message: "the window was closed while this was worked on",
  hint: "Go On asks again; what models had answered by then is not paid again.",
};

export function freeze(answer: Answer): string {
  const { id, began, question, follows, session, phase, text, result, failure } = answer;
  const kept: Kept = {
    ...{ id, began, text: question.text, about: question.about, scope: question.scope, session, phase, answer: text },
    ...(question.options && { options: question.options }),
    ...(follows && { follows: follows.id }),
    ...(result && { result }),
    ...(failure && { failure }),
  };
  return JSON.stringify(kept);
}

/** The answer of a text that `freeze` has made, or undefined; `find` gives the answers that were thawed before. */
export function thaw(frozen: string, find: (id: string) => Answer | undefined): Answer | undefined {
  const kept = parse(frozen);
  const scope = decodeScope(kept["scope"]);
  const [id, text, session] = [kept["id"], kept["text"], kept["session"]];
  if (typeof id !== "string" || !ID.test(id) || typeof text !== "string" || typeof session !== "string" || scope === undefined) {
    return undefined;
  }
  const options = decodeOptions(kept["options"]);
  const question = { text, scope, about: words(kept["about"]), ...(options && { options }) };
  const answer = new Answer(id, question, find(words(kept["follows"])), session === id ? undefined : session);
  answer.began = typeof kept["began"] === "number" ? kept["began"] : 0;
  answer.text = words(kept["answer"]);
  const result = decodeResult(kept["result"]);
  switch (kept["phase"]) {
    case "answered":
      if (result === undefined) {
        return undefined;
      }
      answer.finish(result);
      break;
    case "cancelled":
      answer.cancel(result);
      break;
    default: {
      const failure = (kept["failure"] ?? CUT) as Record<string, unknown>;
      const hint = typeof failure["hint"] === "string" ? { hint: failure["hint"] } : {};
      answer.fail(words(failure["message"]), { ...hint, ...(result && { partial: result }) });
    }
  }
  return answer;
}

function parse(frozen: string): Partial<Record<keyof Kept, unknown>> {
  try {
    const kept: unknown = JSON.parse(frozen);
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

const words = (value: unknown) => (typeof value === "string" ? value : "");
