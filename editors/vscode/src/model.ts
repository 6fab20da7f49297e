/**
 * What this client takes of the wire types: those of `protocol.ts`, less what it has no use for, so that a change of the
 * server is seen here by the compiler.
 *
 * Only shapes live here. `decode.ts` is the one place that turns what arrives into them.
 */

import type * as wire from "./protocol";

export type { Citation, DogfoodAction, KeptRun, KeptSession, Lost, Options, QueryParams, ReviewParams, Skipped } from "./protocol";

/** What a question is about, as far as this client asks. */
export type Scope = Extract<wire.Scope, { kind: "workspace" | "folder" | "file" | "selection" | "value" }>;

/** What the states of a citation mean, for people. */
export const STATE_MEANINGS: Record<wire.CitationState, string> = {
  quoted: "the lines say what is quoted from them",
  found: "the lines exist, and nothing is quoted from them",
  missing: "there are no such lines, or they do not say what is quoted",
};

export type Usage = Pick<
  wire.Usage,
  | "calls"
  | "subCalls"
  | "cachedCalls"
  | "savedTokens"
  | "savedUsd"
  | "inputTokens"
  | "outputTokens"
  | "costUsd"
  | "iterations"
  | "wallMs"
>;

export type ContextSize = Pick<
  wire.ContextSize,
  "files" | "bytes" | "characters" | "skipped" | "skippedFor" | "store"
>;

/** Result of `rlm/query`. How it ended and what it rests on are texts: a later server may name what is not known here. */
export type Result = Pick<
  wire.QueryResult,
  "queryId" | "run" | "answer" | "citations" | "lost" | "lostCount" | "model" | "worker"
> & { termination: string; grounded: string; warnings: string[]; usage: Usage; context: ContextSize };

type EventOf<Kind extends wire.EventParams["kind"]> = Extract<wire.EventParams, { kind: Kind }>;

type Envelope = "queryId" | "seq" | "kind";

/** `rlm/event` of the kind `progress`. */
export type Progress = Omit<EventOf<"progress">, Envelope>;

/** The notification `rlm/event`; kinds that a client need not know are dropped when decoding. */
export type RunEvent =
  | (Pick<EventOf<"started">, Envelope | "model" | "worker" | "why"> & { context: ContextSize })
  | Pick<EventOf<"turn">, Envelope | "depth" | "iteration">
  | (Pick<EventOf<"cell">, Envelope | "run" | "depth" | "iteration" | "cell" | "seconds" | "error"> & { lines: number })
  | Pick<EventOf<"summary">, Envelope | "depth">
  | Pick<EventOf<"subcall">, Envelope | "id" | "depth" | "run" | "iteration" | "cell" | "state" | "label">
  | (Pick<EventOf<"delta">, Envelope | "text"> & { reset: boolean })
  | Pick<EventOf<"progress">, Envelope | keyof Progress>
  | (Pick<EventOf<"done">, Envelope> & { result: Result });

/** Result of `rlm/status`. */
export type Status = Pick<wire.Status, "version" | "why" | "runs"> & { model: string; worker: string; usage: Usage };

/** `data` of an error reply: `partial` holds what a cancelled or failed run had found. */
/** What a cycle came to, as far as a person chooses of it. */
export interface Cycle {
  /** The report. */
  markdown: string;
  /** Its number. */
  cycle: number;
  offered: { number: number; title: string; kind: string }[];
}

export interface FailureData {
  kind?: string;
  hint?: string;
  partial?: Result;
}
