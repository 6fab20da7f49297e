/**
 * Turns what the server sent into the types of `model.ts`.
 *
 * The server is another program, perhaps of another version. A missing counter must not cost the user an answer that
 * was paid for, so numbers default to 0 and lists to nothing; only what makes no sense at all (a result without an
 * answer, an event without its query) is refused.
 */

import type {
  Citation,
  ContextSize,
  Cycle,
  FailureData,
  KeptRun,
  KeptSession,
  Lost,
  Options,
  Progress,
  Result,
  RunEvent,
  Scope,
  Skipped,
  Status,
  Usage,
} from "./model";
import type * as wire from "./protocol";
import { CITATION_STATES, SUBCALL_STATES } from "./protocol";

type KeyOf<T> = T extends unknown ? keyof T : never;

/** What stands for the fields of a wire type, whatever it is. Others cannot be read from it. */
type Fields<T> = Partial<Record<KeyOf<T>, unknown>>;

const fields = <T>(value: unknown): Fields<T> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);

const list = <T>(value: unknown, decode: (item: unknown) => T | undefined): T[] =>
  Array.isArray(value) ? value.map(decode).filter((item) => item !== undefined) : [];

/** A result, or undefined if it carries no answer. */
export function decodeResult(value: unknown): Result | undefined {
  const it = fields<wire.QueryResult>(value);
  if (it === undefined || typeof it["answer"] !== "string") {
    return undefined;
  }
  return {
    queryId: text(it["queryId"]),
    run: typeof it["run"] === "number" ? it["run"] : null,
    answer: it["answer"],
    termination: text(it["termination"]),
    grounded: text(it["grounded"]),
    citations: list(it["citations"], decodeCitation),
    lost: list(it["lost"], decodeLost),
    lostCount: number(it["lostCount"]),
    warnings: list(it["warnings"], (item) => (typeof item === "string" ? item : undefined)),
    usage: decodeUsage(it["usage"]),
    model: text(it["model"]),
    worker: text(it["worker"]),
    context: decodeContext(it["context"]),
  };
}

/** The words of a preview, with what is not as the client thinks it is. */
export function decodePreview(value: unknown): string {
  const it = fields<wire.Preview>(value) ?? {};
  return [text(it["text"]), ...list(it["warnings"], (item) => `warning  ${text(item)}`)].join("\n");
}

/** The report of dogfooding, as Markdown. */
export function decodeDogfood(value: unknown): string {
  return text(fields<wire.DogfoodResult>(value)?.["markdown"]);
}

/** What a cycle came to: its report, its number, and what it offers. */
export function decodeCycle(value: unknown): Cycle {
  const it = fields<wire.DogfoodResult>(value) ?? {};
  const report = fields<wire.Cycle>(it["report"]) ?? {};
  const offered = list(report["proposals"], (item) => {
    const proposal = fields<wire.JudgedProposal>(item) ?? {};
    return proposal["state"] === "offered"
      ? { number: number(proposal["number"]), title: text(proposal["title"]), kind: text(proposal["kind"]) }
      : undefined;
  });
  return { markdown: text(it["markdown"]), cycle: number(report["cycle"]), offered };
}

/** An event, or undefined if it is malformed or of a kind this client does not show. */
export function decodeEvent(value: unknown): RunEvent | undefined {
  const it = fields<wire.EventParams>(value);
  if (it === undefined || typeof it["queryId"] !== "string") {
    return undefined;
  }
  const envelope = { queryId: it["queryId"], seq: number(it["seq"]) };
  const step = { depth: number(it["depth"]), iteration: number(it["iteration"]) };
  const program = { run: number(it["run"]), cell: number(it["cell"]) };
  const lines = text(it["code"]).trimEnd().split("\n").length;
  const error = typeof it["error"] === "string" ? { error: it["error"] } : {};
  switch (it["kind"]) {
    case "started":
      return {
        ...envelope,
        kind: "started",
        model: text(it["model"]),
        worker: text(it["worker"]),
        why: text(it["why"]),
        context: decodeContext(it["context"]),
      };
    case "turn":
      return { ...envelope, kind: "turn", ...step };
    case "cell":
      return { ...envelope, kind: "cell", ...step, ...program, ...error, lines, seconds: number(it["seconds"]) };
    case "summary":
      return { ...envelope, kind: "summary", depth: step.depth };
    case "subcall": {
      const state = SUBCALL_STATES.find((known) => known === it["state"]);
      return state && { ...envelope, kind: "subcall", ...step, ...program, id: number(it["id"]), state, label: text(it["label"]) };
    }
    case "delta":
      return { ...envelope, kind: "delta", text: text(it["text"]), reset: it["reset"] === true };
    case "progress":
      return { ...envelope, kind: "progress", ...decodeProgress(it) };
    case "done": {
      const result = decodeResult(it["result"]);
      return result && { ...envelope, kind: "done", result };
    }
    default:
      return undefined;
  }
}

/** What a run did, in words. */
export function decodeTranscript(value: unknown): { text: string; isWhole: boolean } {
  const it = fields<wire.Transcript>(value) ?? {};
  return { text: text(it["text"]), isWhole: it["isWhole"] !== false };
}

/** What a review says of itself; its findings come as diagnostics. */
export function decodeReview(value: unknown): { summary: string; notChecked: string[]; findings: number } {
  const it = fields<wire.ReviewResult>(value) ?? {};
  return {
    summary: text(it["summary"]),
    notChecked: list(it["notChecked"], (item) => (typeof item === "string" ? item : undefined)),
    findings: Array.isArray(it["findings"]) ? it["findings"].length : 0,
  };
}

/** The name of a finding, as the command that dismisses it is given it. */
export function decodeFinding(value: unknown): string | undefined {
  const id = fields<wire.FindingParams>(value)?.["id"];
  return typeof id === "string" ? id : undefined;
}

/** The conversations that can be gone on with. One without a name cannot. */
export function decodeSessions(value: unknown): KeptSession[] {
  return list(fields<wire.KeptSessions>(value)?.["sessions"], (item) => {
    const it = fields<KeptSession>(item);
    return it === undefined || typeof it["sessionId"] !== "string"
      ? undefined
      : {
          sessionId: it["sessionId"],
          title: text(it["title"]),
          questions: number(it["questions"]),
          secondsAgo: number(it["secondsAgo"]),
        };
  });
}

/** The runs that were stopped and can go on. One without a number cannot. */
export function decodeStopped(value: unknown): KeptRun[] {
  return list(fields<wire.KeptRuns>(value)?.["runs"], (item) => {
    const it = fields<KeptRun>(item);
    return it === undefined || typeof it["run"] !== "number" || it["canGoOn"] !== true
      ? undefined
      : {
          run: it["run"],
          sessionId: typeof it["sessionId"] === "string" ? it["sessionId"] : null,
          query: text(it["query"]),
          state: text(it["state"]),
          canGoOn: true,
          secondsAgo: number(it["secondsAgo"]),
          calls: number(it["calls"]),
          costUsd: typeof it["costUsd"] === "number" ? it["costUsd"] : null,
        };
  });
}

export function decodeStatus(value: unknown): Status | undefined {
  const it = fields<wire.Status>(value);
  if (it === undefined || typeof it["version"] !== "string") {
    return undefined;
  }
  return {
    version: it["version"],
    model: text(it["model"]),
    worker: text(it["worker"]),
    why: text(it["why"]),
    runs: list(it["runs"], (item) => {
      const run = fields<wire.RunningQuery>(item);
      return run && {
        queryId: text(run["queryId"]),
        query: text(run["query"]),
        seconds: number(run["seconds"]),
        message: text(run["message"]),
      };
    }),
    usage: decodeUsage(it["usage"]),
  };
}

/** The `data` of an error reply; empty when there is none. */
export function decodeFailureData(value: unknown): FailureData {
  const it = fields<wire.FailureData>(value) ?? {};
  const partial = decodeResult(it["partial"]);
  return {
    ...(typeof it["kind"] === "string" && { kind: it["kind"] }),
    ...(typeof it["hint"] === "string" && { hint: it["hint"] }),
    ...(partial && { partial }),
  };
}

/** A scope as a command's argument names it, or undefined if it is none. */
export function decodeScope(value: unknown): Scope | undefined {
  const it = fields<wire.Scope>(value);
  const { kind, uri } = it ?? {};
  if (kind === "workspace") {
    return { kind };
  }
  if (kind === "value" && it?.["value"] !== undefined) {
    return { kind, value: it["value"] };
  }
  if (typeof uri !== "string") {
    return undefined;
  }
  if (kind === "file" || kind === "folder") {
    return { kind, uri };
  }
  const range = fields<wire.Range>(it?.["range"]);
  const start = fields<wire.Position>(range?.["start"]);
  const end = fields<wire.Position>(range?.["end"]);
  if (kind !== "selection" || start === undefined || end === undefined) {
    return undefined;
  }
  const position = (from: Fields<wire.Position>) => ({ line: number(from["line"]), character: number(from["character"]) });
  return { kind, uri, range: { start: position(start), end: position(end) } };
}

/** The argument `{uri, range}` of the server's code action; a menu passes something else, which gives undefined. */
export function decodeSelection(value: unknown): Scope | undefined {
  return decodeScope({ ...fields<wire.Scope>(value), kind: "selection" });
}

/** The argument of `rlm.query`: a question, or an object with one. */
export function decodeQuery(value: unknown): { query: string; scope: Scope; options?: Options } | undefined {
  const it = typeof value === "string" ? { query: value } : fields<wire.QueryParams>(value);
  if (it === undefined || typeof it["query"] !== "string" || it["query"].trim() === "") {
    return undefined;
  }
  const options = decodeOptions(it["options"]);
  return {
    query: it["query"],
    scope: decodeScope(it["scope"]) ?? { kind: "workspace" },
    ...(options && { options }),
  };
}

/** Options as they were given. Each is checked by the server, which alone knows their ranges. */
export const decodeOptions = (value: unknown): Options | undefined => fields<Options>(value) as Options | undefined;

function decodeCitation(value: unknown): Citation | undefined {
  const it = fields<wire.Citation>(value);
  if (it === undefined || typeof it["path"] !== "string" || typeof it["startLine"] !== "number") {
    return undefined;
  }
  return {
    path: it["path"],
    startLine: it["startLine"],
    endLine: Math.max(it["startLine"], number(it["endLine"])),
    // Of a state that this client does not know, no more is claimed than that there is such a place.
    state: CITATION_STATES.find((state) => state === it["state"]) ?? "found",
    ...(typeof it["uri"] === "string" && { uri: it["uri"] }),
  };
}

function decodeLost(value: unknown): Lost | undefined {
  const it = fields<wire.Lost>(value);
  return it && { depth: number(it["depth"]), label: text(it["label"]), error: text(it["error"]) };
}

function decodeUsage(value: unknown): Usage {
  const it = fields<wire.Usage>(value) ?? {};
  return {
    calls: number(it["calls"]),
    subCalls: number(it["subCalls"]),
    cachedCalls: number(it["cachedCalls"]),
    savedTokens: number(it["savedTokens"]),
    savedUsd: typeof it["savedUsd"] === "number" ? it["savedUsd"] : null,
    inputTokens: number(it["inputTokens"]),
    outputTokens: number(it["outputTokens"]),
    costUsd: typeof it["costUsd"] === "number" ? it["costUsd"] : null,
    iterations: number(it["iterations"]),
    wallMs: number(it["wallMs"]),
  };
}

function decodeContext(value: unknown): ContextSize {
  const it = fields<wire.ContextSize>(value) ?? {};
  return {
    files: number(it["files"]),
    bytes: number(it["bytes"]),
    characters: typeof it["characters"] === "number" ? it["characters"] : null,
    skipped: number(it["skipped"]),
    skippedFor: list(it["skippedFor"], decodeSkipped),
    store: typeof it["store"] === "string" ? it["store"] : null,
  };
}

function decodeSkipped(value: unknown): Skipped | undefined {
  const it = fields<wire.Skipped>(value);
  return it === undefined ? undefined : { reason: text(it["reason"]), count: number(it["count"]) };
}

function decodeProgress(it: Fields<Progress>): Progress {
  return {
    message: text(it["message"]),
    calls: number(it["calls"]),
    subCalls: number(it["subCalls"]),
    cachedCalls: number(it["cachedCalls"]),
    inputTokens: number(it["inputTokens"]),
    outputTokens: number(it["outputTokens"]),
    costUsd: typeof it["costUsd"] === "number" ? it["costUsd"] : null,
  };
}
