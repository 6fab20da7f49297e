/**
 * The wire types of docs/protocol.md. Made from those of the server by a test of it, which says how when they differ.
 */

/* eslint-disable @typescript-eslint/consistent-type-definitions */

/** Result of `rlm/query`. */
export type QueryResult = {
  /** Markdown. */
  answer: string;
  termination: Termination;
  /** What the answer rests on. */
  grounded: Grounded;
  /** Whether the answer is that there is nothing of what was asked for. */
  nothingFound?: boolean;
  citations: Citation[];
  lost: Lost[];
  lostCount: number;
  usage: Usage;
  model: string;
  worker: string;
  context: ContextSize;
  /** Where the trace was written. */
  trace: string | null;
  /** Sentences about what is not as the person may think. */
  warnings?: string[];
  /** How long ago the answer was given, if it is known from then and no model was asked. */
  answeredSecondsAgo?: number;
  /** An earlier answer that is offered. */
  earlier?: Earlier;
  error?: Failure;
  queryId: string;
  sessionId: string | null;
  /** The number of the run, if it was noted. */
  run: number | null;
};

/** Why a run ended. */
export type Termination = "iterations" | "calls" | "tokens" | "cost" | "timeout" | "cancelled" | "failed" | "final" | "direct" | "forced" | "errors";

export const TERMINATIONS = ["iterations", "calls", "tokens", "cost", "timeout", "cancelled", "failed", "final", "direct", "forced", "errors"] as const;

/** What an answer rests on. */
export type Grounded = "cited" | "looked" | "none";

export const GROUNDEDS = ["cited", "looked", "none"] as const;

/** A place in the text that an answer rests on. Lines count from 1, both ends included. */
export type Citation = {
  path: string;
  startLine: number;
  endLine: number;
  state: CitationState;
  /** Where the file is, for an editor. */
  uri?: string;
};

/** What was found of a citation when it was looked up. */
export type CitationState = "quoted" | "found" | "missing";

export const CITATION_STATES = ["quoted", "found", "missing"] as const;

/** A sub-call whose result never came, and so is missing from the answer. */
export type Lost = {
  depth: number;
  label: string;
  error: string;
};

/** What was used. */
export type Usage = {
  calls: number;
  rootCalls: number;
  subCalls: number;
  cachedCalls: number;
  /** What the cached calls took when they were made. */
  savedTokens: number;
  /** Null if the price of one of their models is not known. */
  savedUsd: number | null;
  retries: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  costUsd: number | null;
  iterations: number;
  maxDepth: number;
  wallMs: number;
  modelMs: number;
};

export type ContextSize = {
  files: number;
  bytes: number;
  /** Null if the text was not read. */
  characters: number | null;
  skipped: number;
  /** Why, commonest first. */
  skippedFor: Skipped[];
  /** The shard store that was read instead of files, if one was. */
  store: string | null;
  cut: number;
};

export type Skipped = {
  reason: string;
  count: number;
};

/** An answer that was given about another state of the text, or to another question. */
export type Earlier = {
  /** For `rlm store answer`. */
  number: number;
  question: string;
  secondsAgo: number;
  state: EarlierState;
};

/** How an earlier answer has to do with a question. */
export type EarlierState = "unchanged" | "was" | "similar";

export const EARLIER_STATES = ["unchanged", "was", "similar"] as const;

/** What made a run fail. */
export type Failure = {
  kind: FailureKind;
  message: string;
  /** What the person can do. */
  hint: string | null;
};

/** What went wrong. */
export type FailureKind = "configuration" | "unknownPrice" | "notConfirmed" | "limit" | "noAnswer" | "unsuitable" | "replyCut" | "interpreter" | "internal" | "missingKey" | "unauthorized" | "noCredit" | "unknownModel" | "rateLimited" | "server" | "unreachable" | "brokenReply" | "emptyReply" | "promptTooLong" | "rejected" | "timedOut" | "program" | "noSuchPath" | "unreadable" | "badGlob" | "empty" | "changed" | "tooLong" | "badJson" | "storeNotAlone" | "stopped" | "storage" | "badLocation" | "noStore" | "halfWritten" | "otherFiles" | "badStore" | "badManifest" | "otherText" | "busy" | "overtaken" | "replaced" | "badShard" | "noAccess" | "badInput" | "badPattern" | "longLine" | "badRange" | "emptyNeedle" | "badShardSize" | "largeManifest" | "noFolder" | "leftOut" | "noFile" | "notOpen" | "noTrace" | "git" | "badFindings";

export const FAILURE_KINDS = ["configuration", "unknownPrice", "notConfirmed", "limit", "noAnswer", "unsuitable", "replyCut", "interpreter", "internal", "missingKey", "unauthorized", "noCredit", "unknownModel", "rateLimited", "server", "unreachable", "brokenReply", "emptyReply", "promptTooLong", "rejected", "timedOut", "program", "noSuchPath", "unreadable", "badGlob", "empty", "changed", "tooLong", "badJson", "storeNotAlone", "stopped", "storage", "badLocation", "noStore", "halfWritten", "otherFiles", "badStore", "badManifest", "otherText", "busy", "overtaken", "replaced", "badShard", "noAccess", "badInput", "badPattern", "longLine", "badRange", "emptyNeedle", "badShardSize", "largeManifest", "noFolder", "leftOut", "noFile", "notOpen", "noTrace", "git", "badFindings"] as const;

/** Params of `rlm/event`. */
export type EventParams = {
  queryId: string;
  seq: number;
} & ({
  kind: "started";
  query: string;
  model: string;
  worker: string;
  why: string;
  context: ContextSize;
} | {
  kind: "turn";
  run: number;
  depth: number;
  iteration: number;
  text: string;
  /** Why it is not all that the model would have written. */
  cut?: string;
} | {
  kind: "cell";
  run: number;
  depth: number;
  iteration: number;
  cell: number;
  code: string;
  output: string;
  error?: string;
  seconds: number;
} | {
  kind: "summary";
  run: number;
  depth: number;
  text: string;
} | {
  kind: "subcall";
  id: number;
  depth: number;
  run: number;
  iteration: number;
  cell: number;
  label: string;
  state: SubcallState;
  error?: string;
} | {
  kind: "delta";
  text: string;
  reset?: boolean;
} | {
  kind: "progress";
  message: string;
  calls: number;
  subCalls: number;
  cachedCalls: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
} | {
  kind: "finding";
  finding: Finding;
} | {
  kind: "done";
  result: QueryResult;
});

export type SubcallState = "started" | "ended" | "failed";

export const SUBCALL_STATES = ["started", "ended", "failed"] as const;

/** Something that a person should look at. Lines count from 1, both ends included. */
export type Finding = {
  /** The same from run to run, as long as what it is about does not change. */
  id: string;
  rule: string;
  severity: string;
  path: string;
  startLine: number;
  endLine: number;
  sentence: string;
  reason: string;
  /** How it could be wrong. */
  doubt: string;
  evidence: Evidence[];
  fix: Fix | null;
  /** Where the file is, for an editor. */
  uri?: string;
};

/** A place that shows why a finding holds. */
export type Evidence = {
  path: string;
  startLine: number;
  endLine: number;
  sentence: string;
};

/** Other lines in place of those of the finding. */
export type Fix = {
  sentence: string;
  lines: string;
};

/** What `rlm preview --json` prints, and the result of `rlm/preview`. */
export type Preview = {
  model: string;
  worker: string;
  why: string;
  context: ContextSize;
  leftOut: LeftOut[];
  contextTokens: number;
  strategy: PreviewStrategy;
  firstPromptTokens: number;
  firstPromptCostUsd: number | null;
  wholeTextCostUsd: number | null;
  /** What such questions took before. */
  expected: Expected;
  /** All of it in words. */
  text: string;
  warnings: string[];
};

/** A file or folder that is not read. */
export type LeftOut = {
  path: string;
  reason: string;
};

export type PreviewStrategy = "direct" | "rlm" | "read";

export const PREVIEW_STRATEGIES = ["direct", "rlm", "read"] as const;

/** What a question is expected to take. */
export type Expected = {
  /** How many such questions were answered. */
  questions: number;
  calls: Spread | null;
  tokens: Spread | null;
  costUsd: Spread | null;
  /** Whether this question was answered before. */
  isKnown: boolean;
};

/** Where most of some numbers lie: a tenth of them is lower, and a tenth is higher. */
export type Spread = {
  low: number;
  median: number;
  high: number;
};

/** Result of `rlm/review`. */
export type ReviewResult = {
  findings: Finding[];
  dismissed: Dismissed[];
  /** Findings that the baseline has. */
  inBaseline: number;
  /** What a model has said that was refuted. */
  refuted: RefutedClaim[];
  /** The models that read, if any did. */
  models: ReviewModels | null;
  notShown: NotShown[];
  rules: FindingRule[];
  context: ContextSize;
  /** The commit since which lines have changed, if only those were of interest. */
  since: string | null;
  /** What was not looked at. */
  notChecked: string[];
  warnings: string[];
  /** What was read and looked for, in words. */
  summary: string;
  queryId: string;
};

/** A finding that somebody has dismissed. */
export type Dismissed = {
  finding: Finding;
  reason: string;
};

/** What a model has said that was refuted. */
export type RefutedClaim = {
  /** Null if there is no such place. */
  path: string | null;
  startLine: number | null;
  endLine: number | null;
  sentence: string;
  /** Why it fell. */
  why: string;
};

/** The models of a review, and what they used. */
export type ReviewModels = {
  /** Reads. */
  reviewer: string;
  /** Tries to refute. */
  refuter: string;
  usage: Usage;
};

/** Findings that are left out for their number. */
export type NotShown = {
  rule: string;
  count: number;
};

/** What was looked for. */
export type FindingRule = {
  id: string;
  title: string;
  description: string;
};

/** Result of `rlm/transcript`. */
export type Transcript = {
  run: number;
  queryId: string | null;
  /** What `rlm trace show` prints. */
  text: string;
  /** Whether the run has come to its end. */
  isWhole: boolean;
  /** Lines of the trace, as docs/trace.md has them. */
  lines: unknown[];
  /** The line that comes next. */
  next: number;
};

/** Result of `rlm/dogfood`. */
export type DogfoodResult = {
  /** For people. */
  markdown: string;
  /** What the terminal prints as JSON; null for `stats`; the branch and the commit for `approve`. */
  report: unknown;
};

/** What `rlm dogfood cycle --format json` prints. */
export type Cycle = {
  cycle: number;
  /** The commit that it was made for. */
  base: string;
  checks: CheckOfCommit[];
  /** Faults that could be put into the code and that no test notices; only where tests are wanted. */
  unnoticed?: UnnoticedFault[];
  proposals: JudgedProposal[];
  /** The model that proposed. */
  model: string | null;
  usage: Usage | null;
  notes: string[];
};

/** A check on the commit as it is. */
export type CheckOfCommit = {
  command: string;
  passes: boolean;
  tests: number;
  seconds: number;
  flaky: string[];
};

/** A fault that no test notices. */
export type UnnoticedFault = {
  path: string;
  /** Counted from 1. */
  line: number;
  /** What stands there, and what could stand there unnoticed. */
  was: string;
  becomes: string;
  /** The line as it is, cut if it is long. */
  text: string;
};

/** A proposal that was judged. */
export type JudgedProposal = {
  number: number;
  title: string;
  /** What it claims to be. */
  kind: string;
  /** `offered` or `rejected`. */
  state: string;
  reason: string;
  /** Why it is not offered; empty if it is. */
  why: string;
  proof: string[];
  diff: string;
};

/** Result of `rlm/edit`: a proposal. Nothing is changed yet. */
export type EditResult = {
  queryId: string;
  /** What the model says of it. */
  summary: string;
  files: EditedFile[];
  /** Places that look as the changed one did before, and are not changed. */
  places: EditPlace[];
  /** What the project's own formatter and checks say of it. */
  checks: EditCheck[];
  warnings: string[];
  model: string;
  usage: Usage;
};

/** A file as it would be. */
export type EditedFile = {
  uri: string;
  path: string;
  /** The URI of the file before, if it gets another name. */
  renamedFrom: string | null;
  isNew: boolean;
  isRemoved: boolean;
  /** Of the document, if it is open. */
  version: number | null;
  hunks: EditHunk[];
  /** The difference, as git writes it. */
  diff: string;
};

/** A part of a change that can be applied without the others. Where a file only comes, goes or moves, that is one. */
export type EditHunk = {
  /** Its number in the proposal. */
  number: number;
  range: Range;
  newText: string;
  /** The difference that it makes alone, as git writes it. */
  diff: string;
};

/** A range of the LSP. Its end is not part of it. */
export type Range = {
  start: Position;
  end: Position;
};

/** A position of the LSP: line and column count from 0. */
export type Position = {
  line: number;
  character: number;
};

/** A place that looks as a changed one did before, and is not changed. */
export type EditPlace = {
  /** Where the file is, for an editor. */
  uri: string | null;
  path: string;
  startLine: number;
  endLine: number;
  /** Its first line. */
  text: string;
  /** Why it is not changed. */
  why: string;
};

/** What came of a command of the project's own that was run on a proposal. */
export type EditCheck = {
  command: string;
  state: CheckState;
  /** For a person. */
  sentence: string;
  /** The end of what it has printed, where it fails. */
  output: string;
};

/** How such a command has ended. */
export type CheckState = "passed" | "failed" | "failedBefore" | "notRun";

export const CHECK_STATES = ["passed", "failed", "failedBefore", "notRun"] as const;

/** Result of the command `rlm.applyEdit`. */
export type EditApplied = {
  applied: boolean;
  /** Why the client has not made the edit, if it says so. */
  reason: string | null;
};

/** Result of `rlm/status`. */
export type Status = {
  version: string;
  model: string | null;
  worker: string | null;
  /** How the models were chosen. */
  why: string;
  runs: RunningQuery[];
  usage: Usage;
};

export type RunningQuery = {
  queryId: string;
  query: string;
  seconds: number;
  message: string;
};

/** Result of the command `rlm.query`, whose answer comes later. */
export type QueryStarted = {
  queryId: string;
  status: QueryStatus;
};

export type QueryStatus = "started";

export const QUERY_STATUSES = ["started"] as const;

/** Result of `rlm/cancel`, and of the command, which counts them. */
export type Cancelled = {
  cancelled: boolean;
};

/** Result of `rlm/sessions`. */
export type KeptSessions = {
  /** The latest first. */
  sessions: KeptSession[];
};

/** A session that can be gone on with. */
export type KeptSession = {
  sessionId: string;
  /** The first question. */
  title: string;
  /** How many questions were answered. */
  questions: number;
  secondsAgo: number;
};

/** Result of `rlm/runs`. */
export type KeptRuns = {
  /** The latest first. */
  runs: KeptRun[];
};

/** A run that was asked for in the folders of the client. */
export type KeptRun = {
  run: number;
  sessionId: string | null;
  query: string;
  /** How it has ended, as `termination` says it; or `running`, or `stopped`: its process has ended before it. */
  state: string;
  /** Whether it has ended without its answer, so that it can go on. */
  canGoOn: boolean;
  secondsAgo: number;
  calls: number;
  costUsd: number | null;
};

/** Result of `rlm/endSession`. */
export type SessionEnded = {
  ended: boolean;
};

/** `data` of the error reply to a query that was cancelled. */
export type CancelledData = {
  /** Null if it was only previewed. */
  queryId: string | null;
  /** What had been found. */
  partial?: QueryResult;
};

/** `data` of the error reply to a query that failed. */
export type FailureData = {
  kind: FailureKind;
  /** What the person can do. */
  hint: string | null;
  /** Null if it was only previewed. */
  queryId: string | null;
  /** What had been found. */
  partial?: QueryResult;
};

/** Params of `rlm/query`, and the argument of the command `rlm.query`. */
export type QueryParams = {
  /** Empty only where a run goes on. */
  query?: string;
  /** The number of a run in `rlm/runs`, which goes on. */
  resume?: number;
  scope?: Scope;
  queryId?: string;
  sessionId?: string;
  options?: Options;
  workDoneToken?: Token;
  partialResultToken?: Token;
};

/** What a question is about. */
export type Scope = {
  kind: "workspace";
} | {
  kind: "folder";
  uri: string;
} | {
  kind: "file";
  uri: string;
} | {
  kind: "selection";
  uri: string;
  range: Range;
} | {
  kind: "paths";
  paths: string[];
} | {
  kind: "value";
  value: unknown;
};

/** The settings that a run obeys; a missing one is the server's own default. */
export type Options = {
  /** The root model: `provider::model`, a model's name, `cli:COMMAND`, or `extractive` */
  model?: string;
  /** The model of sub-calls; the root model if absent */
  worker?: string;
  /** OpenAI-compatible base URL, e.g. http://127.0.0.1:8000/v1, whose key is in RLM_API_KEY; several form a pool */
  endpoint?: string | string[];
  /** Tokens that fit the window of the models, in place of what is known of them */
  window?: number;
  /** Time until the first word of a reply; signs of life, such as comments in a stream, begin it anew */
  firstTokenTimeout?: number | string;
  /** Time that a server may be silent within a reply */
  silenceTimeout?: number | string;
  /** How much models reason before they answer; a server that takes no such wish is asked without it */
  reasoningEffort?: "auto" | "none" | "low" | "medium" | "high";
  /** Whether programs are written, or the whole text, or passages that a search has found, are put into one prompt */
  strategy?: "auto" | "direct" | "rlm" | "read";
  /** Whether models write programs in their text, or call tools; by what they can, if it is left open */
  protocol?: "auto" | "repl" | "tools";
  /** A JSON Schema that the answer must satisfy; what does not is given back to the model */
  schema?: object;
  /** Commands and values that models may use, in JSON */
  tools?: object;
  /** Mend what may be a slip of the model, at the risk that it was none; may be given several times */
  repair?: ("doubledCalls" | "placeholders" | "cleanRetry")[];
  /** Neither serve replies of models from the store nor keep any */
  noCache?: boolean;
  /** Ask for replies anew that are in the store, and put the new ones in their place */
  refresh?: boolean;
  /** US dollars above which you are asked before a question, a review, a change or a cycle begins; with a limit on cost only if this is set */
  confirmAbove?: number;
  /** Whether traces of runs have the texts that models were shown and wrote, or only their lengths */
  traceContent?: "full" | "none";
  /** Only files that match; may be given several times */
  include?: string[];
  /** No files that match; may be given several times */
  exclude?: string[];
  /** Files that ignore files keep out, too; hidden files and secrets still stay out */
  noIgnore?: boolean;
  /** What models cost by their names, in US dollars per million tokens */
  price?: Record<string, [number, number]>;
  /** In editors: review a document when it is saved; replies about what has not changed are known */
  reviewOnSave?: boolean;
  /** Turns of models that write programs */
  maxIterations?: number;
  /** Levels of child runs */
  maxDepth?: number;
  /** Calls of models */
  maxCalls?: number;
  /** Tokens, in and out */
  maxTokens?: number;
  /** Tokens of one reply */
  replyTokens?: number;
  /** US dollars; the prices of the models must be known (`RLM_PRICE`) */
  maxCost?: number;
  /** Time for the whole run, such as 90, 10m or 1h30m; a bare number is seconds */
  timeout?: number | string;
  /** Time for one program, calls not counted */
  cellTimeout?: number | string;
  /** Turns in a row whose programs fail */
  maxErrors?: number;
  /** Calls that are open at once */
  concurrency?: number;
};

/** A token of the LSP. */
export type Token = number | string;

/** Params of `rlm/cancel`, and the argument of the command `rlm.cancel`. */
export type CancelParams = {
  queryId: string;
};

/** Params of `rlm/review`, and the argument of the command `rlm.review`. */
export type ReviewParams = {
  /** What is reviewed. Of a selection or a file only findings in it are told. */
  scope?: Scope;
  /** What models that review are to look at. */
  instructions?: string;
  /** Only what has changed since is told: a range of commits, or `HEAD` for what is not committed. */
  diff?: string;
  /** The most findings that are told of each folder. */
  maxFindings?: number;
  queryId?: string;
  options?: Options;
  workDoneToken?: Token;
  partialResultToken?: Token;
};

/** Params of `rlm/transcript`. One of the first two is needed. */
export type TranscriptParams = {
  /** A query of this server, which may be running. */
  queryId?: string;
  /** The number of a run. */
  run?: number;
  /** The first line that is wanted, counted from 0. */
  from?: number;
};

/** Params of `rlm/dogfood`, and the argument of the command `rlm.dogfood`. */
export type DogfoodParams = {
  action?: DogfoodAction;
  /** The folder that is looked at, or nothing for the first that is open. */
  folder?: string;
  /** The most points that an analysis shows. */
  maxPoints?: number;
  /** The commands that a cycle checks the project with, of which the person is asked; without any, those of the repository's settings. */
  checks?: string[];
  /** The most proposals that a cycle tries. */
  maxProposals?: number;
  /** What models that propose patches are to look at. */
  instructions?: string;
  /** The number of a cycle of which something is approved, and the numbers of the proposals. */
  cycle?: number;
  approve?: number[];
  queryId?: string;
  workDoneToken?: Token;
  options?: Options;
};

/** What is wanted of a repository. */
export type DogfoodAction = "analyze" | "history" | "stats" | "cycle" | "approve";

export const DOGFOOD_ACTIONS = ["analyze", "history", "stats", "cycle", "approve"] as const;

/** Params of `rlm/edit`, and the argument of the command `rlm.edit`. */
export type EditParams = {
  /** What is to change, in words. It may be empty where a change is made everywhere. */
  instruction?: string;
  /** Whether a change that was made is to be made at all other places where it belongs: the one of the selected lines since they were saved or committed, or that of `like`. */
  everywhere?: boolean;
  /** A proposal whose change that is. */
  like?: ApplyEditParams;
  /** A file or a selection in it. */
  scope?: Scope;
  /** The finding that is to be mended. */
  findingId?: string;
  queryId?: string;
  options?: Options;
  workDoneToken?: Token;
};

/** The argument of the command `rlm.applyEdit`, and what `like` of `rlm/edit` is. */
export type ApplyEditParams = {
  queryId: string;
  /** The numbers of the hunks that are applied; all if it is absent. */
  hunks?: number[];
};

/** The argument of the command `rlm.showFinding`. */
export type FindingParams = {
  id: string;
};

/** The argument of the command `rlm.dismiss`. */
export type DismissParams = {
  id: string;
  /** Why, for whoever reads `.rlm/dismissed.json`. */
  reason: string;
};

/** Params of `rlm/endSession`. */
export type EndSessionParams = {
  sessionId: string;
  /** Whether it may be gone on with later, so that the store keeps it. */
  keep?: boolean;
};

/** The options that are settings of an editor. */
export const SETTINGS = [
  "model",
  "worker",
  "endpoint",
  "window",
  "firstTokenTimeout",
  "silenceTimeout",
  "reasoningEffort",
  "strategy",
  "protocol",
  "tools",
  "repair",
  "noCache",
  "refresh",
  "confirmAbove",
  "traceContent",
  "include",
  "exclude",
  "noIgnore",
  "price",
  "reviewOnSave",
  "maxIterations",
  "maxDepth",
  "maxCalls",
  "maxTokens",
  "replyTokens",
  "maxCost",
  "timeout",
  "cellTimeout",
  "maxErrors",
  "concurrency",
] as const;
