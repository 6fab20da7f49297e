/**
 * The wire types of docs/protocol.md under its own names, so that a change on one side is seen on the other. Fields that
 * this client has no use for are left out.
 *
 * Only shapes live here. `decode.ts` is the one place that turns what arrives into them.
 */

import type { Range } from "vscode-languageclient";

/** What a question is about. Ranges are LSP ranges: lines and UTF-16 columns counted from 0. */
export type Scope =
  | { kind: "workspace" }
  | { kind: "folder" | "file"; uri: string }
  | { kind: "selection"; uri: string; range: Range };

/** The settings a run obeys; a missing one is the server's own default. Durations are seconds, money is US dollars. */
export interface Options {
  model?: string;
  worker?: string;
  endpoint?: string[];
  strategy?: "auto" | "direct" | "rlm";
  protocol?: "auto" | "repl" | "tools";
  repair?: ("doubledCalls" | "placeholders" | "cleanRetry")[];
  tools?: object[];
  maxIterations?: number;
  maxDepth?: number;
  maxCalls?: number;
  maxTokens?: number;
  maxErrors?: number;
  concurrency?: number;
  maxCost?: number;
  /** By model: dollars for a million tokens read, and for a million written. */
  price?: Record<string, [input: number, output: number]>;
  timeout?: number;
  cellTimeout?: number;
  include?: string[];
  exclude?: string[];
}

/** Params of `rlm/query`. The client names the query and its progress token. */
export interface QueryParams {
  query: string;
  scope: Scope;
  queryId: string;
  /** The client's name for what follow-up questions belong to. */
  sessionId: string;
  workDoneToken: string;
  options?: Options;
}

/** What the server found of a citation. */
export const CITATION_STATES = ["quoted", "found", "missing"] as const;
export type CitationState = (typeof CITATION_STATES)[number];

/** What the states mean, for people. */
export const STATE_MEANINGS: Record<CitationState, string> = {
  quoted: "the lines say what is quoted from them",
  found: "the lines exist, and nothing is quoted from them",
  missing: "there are no such lines, or they do not say what is quoted",
};

/** A place in the text that an answer rests on. Lines count from 1, both ends included. */
export interface Citation {
  path: string;
  startLine: number;
  endLine: number;
  state: CitationState;
  uri?: string;
}

/** A sub-call whose result never came, and so is missing from the answer. */
export interface Lost {
  depth: number;
  label: string;
  error: string;
}

export interface Usage {
  calls: number;
  subCalls: number;
  cachedCalls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
  iterations: number;
  wallMs: number;
}

export interface ContextSize {
  files: number;
  bytes: number;
  characters: number;
  skipped: number;
  /** Why, commonest first. */
  skippedFor: Skipped[];
  /** The shard store that was read instead of files, if one was. */
  store?: string;
}

export interface Skipped {
  reason: string;
  count: number;
}

/** How a run ended, as the server names it: `final`, `direct`, `calls`, `cancelled` and so on. */
export type Termination = string;

/** Result of `rlm/query`. */
export interface Result {
  queryId: string;
  answer: string;
  termination: Termination;
  citations: Citation[];
  lost: Lost[];
  lostCount: number;
  /** Sentences about what is not as the user thinks. */
  warnings: string[];
  usage: Usage;
  model: string;
  worker: string;
  context: ContextSize;
}

/** `rlm/event` of the kind `progress`. */
export interface Progress {
  message: string;
  calls: number;
  subCalls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
}

/** The notification `rlm/event`; kinds that a client need not know are dropped when decoding. */
export type RunEvent = { queryId: string; seq: number } & (
  | { kind: "started"; model: string; worker: string; why: string; context: ContextSize }
  | { kind: "turn"; depth: number; iteration: number }
  | { kind: "cell"; depth: number; iteration: number; seconds: number; error?: string }
  | { kind: "summary"; depth: number }
  | { kind: "subcall"; state: "started" | "ended" | "failed"; label: string }
  | { kind: "delta"; text: string; reset: boolean }
  | ({ kind: "progress" } & Progress)
  | { kind: "done"; result: Result }
);

/** Result of `rlm/status`. */
export interface Status {
  version: string;
  model: string;
  worker: string;
  why: string;
  runs: { queryId: string; query: string; seconds: number; message: string }[];
  usage: Usage;
}

/** `data` of an error reply: `partial` holds what a cancelled or failed run had found. */
export interface FailureData {
  kind?: string;
  hint?: string;
  partial?: Result;
}
