/**
 * The document of an answer: Markdown that reads well unrendered, since that is how an editor shows it.
 */

import type { Answer } from "./answers";
import { formatPlace } from "./links";
import {
  describeContext,
  describeProgress,
  describeSaved,
  describeSpent,
  duration,
  plural,
  sentence,
  shorten,
} from "./progress";
import { type Citation, type Lost, type Result, STATE_MEANINGS } from "./model";
import { CITATION_STATES } from "./protocol";
import { inEditor } from "./words";

/** Lost calls that are described one by one. */
const LOST_DESCRIBED = 20;

/** The setting whose limit ended a run, by the server's `termination`. */
const LIMITS: Record<string, string> = {
  iterations: "maxIterations",
  depth: "maxDepth",
  calls: "maxCalls",
  tokens: "maxTokens",
  cost: "maxCost",
  timeout: "timeout",
  errors: "maxErrors",
};

/** What a reader must know of an answer by what it rests on; nothing of one that cites the text. */
const RESTS_ON: Record<string, string> = {
  none: "**Unsupported:** nothing of the text supports this answer; the model did not look into the text.",
  looked: "**Without citations:** the model has looked into the text, and cites no place in it that holds.",
};

/** The whole document as it is now. */
export function renderAnswer(answer: Answer): string {
  const blocks = [
    `# ${answer.question.text.trim().replace(/\s+/gu, " ")}`,
    `*About ${answer.question.about}${after(answer.follows)}*`,
    notice(answer),
    answer.text.trim(),
    ...(answer.result ? ending(answer.result) : []),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

/** What a run does now, how far it is, and what it has taken so far: in one line. */
export function describeWork({ activity, progress, steps, elapsed }: Answer): string {
  const doing = [activity, steps.inProgress].filter((part) => part !== "").join(", ");
  const spent = progress ? describeProgress({ ...progress, message: doing }) : doing;
  return elapsed < 1_000 ? spent : `${spent} · ${duration(Math.floor(elapsed / 1_000) * 1_000)}`;
}

/** Names the answer that a question follows up on. */
const after = (answer: Answer | undefined) =>
  answer === undefined ? "" : `, after “${shorten(answer.question.text, 60)}”`;

/** The line that a reader needs before the text: that it is not there yet, not whole, or not to come. */
function notice(answer: Answer): string {
  switch (answer.phase) {
    case "running":
    case "stopping":
      return [`**Working:** ${describeWork(answer)}`, answer.steps.lines.map((line) => `- ${line}`).join("\n")]
        .filter((part) => part !== "")
        .join("\n\n");
    case "cancelled":
      return answer.text === ""
        ? "**Cancelled.**"
        : "**Cancelled.** The answer was cut off; this is what there was of it:";
    case "failed":
      return [
        `**Failed.** ${sentence(answer.failure?.message ?? "")}`,
        sentence(answer.failure?.hint ?? ""),
        answer.text === "" ? "" : "The answer was cut off; this is what there was of it:",
      ]
        .filter((part) => part !== "")
        .join("\n\n");
    case "answered":
      return answer.result ? shortfall(answer.result) : "";
  }
}

/** Why an answer may be incomplete, or nothing. */
function shortfall(result: Result): string {
  const { termination } = result;
  const limit = LIMITS[termination];
  if (limit !== undefined) {
    return `**Partial answer:** the run ended at a limit (setting \`rlm.${limit}\`).`;
  }
  if (termination === "forced") {
    return "**Possibly incomplete:** the model was told to conclude with what it had.";
  }
  return RESTS_ON[result.grounded] ?? "";
}

function ending(result: Result): string[] {
  const warnings = result.warnings.map((it) => `**Note:** ${inEditor(it)}`);
  const missing = lost(result.lost, result.lostCount);
  const blocks = [...warnings, citations(result.citations), missing, footer(result)].filter((block) => block !== "");
  return blocks.length > 0 ? ["---", ...blocks] : [];
}

function citations(cited: readonly Citation[]): string {
  if (cited.length === 0) {
    return "";
  }
  const rows = cited.map((it) => `- ${formatPlace(it)} (${it.state})`);
  return `**Citations**\n\n${[...new Set(rows)].join("\n")}\n\n${explained(cited)}`;
}

/** What the states mean that there are. */
function explained(cited: readonly Citation[]): string {
  const states = CITATION_STATES.filter((state) => cited.some((it) => it.state === state));
  return `*${states.map((state) => `${state}: ${STATE_MEANINGS[state]}`).join("; ")}*`;
}

/** `count` is that of all calls that were lost, of which `calls` may be only the first. */
function lost(calls: readonly Lost[], count: number): string {
  if (calls.length === 0) {
    return "";
  }
  const described = calls.slice(0, LOST_DESCRIBED);
  const rows = described.map((it) => `- ${it.label === "" ? `a call at depth ${it.depth}` : it.label}: ${it.error}`);
  const all = Math.max(count, calls.length);
  if (all > rows.length) {
    rows.push(`- … and ${all - rows.length} more`);
  }
  return `**Missing from the answer:** ${plural(all, "part")} could not be read\n\n${rows.join("\n")}`;
}

function footer({ model, worker, usage, context }: Result): string {
  const models = worker === "" || worker === model ? model : `${model} with ${worker}`;
  const parts = [
    models === "" ? "" : `\`${models}\``,
    context.files > 0 ? describeContext(context) : "",
    ...describeSpent(usage),
    describeSaved(usage),
    usage.wallMs > 0 ? duration(usage.wallMs) : "",
  ].filter((part) => part !== "");
  return parts.join(" · ");
}
