/**
 * How numbers and running work read to a person: in the notification, the status bar and the answer's document.
 */

import type { ContextSize, KeptRun, KeptSession, Progress, Usage } from "./model";
import { inEditor } from "./words";

/** `reading 3 of 12 · 4 calls · 8.1k tokens · $0.02 · 3 known before`; what is zero or unknown is left out. */
export function describeProgress(progress: Progress): string {
  const known = progress.cachedCalls > 0 ? `${progress.cachedCalls} known before` : "";
  return [progress.message, ...describeSpent(progress), known].filter((part) => part !== "").join(" · ");
}

/** Calls, tokens and money so far, each only when there are any. */
export function describeSpent(
  spent: Pick<Usage, "calls" | "inputTokens" | "outputTokens" | "costUsd">,
): string[] {
  const tokens = spent.inputTokens + spent.outputTokens;
  return [
    spent.calls > 0 ? plural(spent.calls, "call") : "",
    tokens > 0 ? `${compact(tokens)} tokens` : "",
    spent.costUsd !== null && spent.costUsd > 0 ? money(spent.costUsd) : "",
  ].filter((part) => part !== "");
}

/** `12 replies known before (8.1k tokens, $0.02 saved)`, if any reply was. */
export function describeSaved(usage: Pick<Usage, "cachedCalls" | "savedTokens" | "savedUsd">): string {
  const { cachedCalls, savedTokens, savedUsd } = usage;
  const cost = savedUsd !== null && savedUsd > 0 ? `, ${money(savedUsd)}` : "";
  const replies = cachedCalls === 1 ? "1 reply" : `${cachedCalls} replies`;
  return cachedCalls > 0 ? `${replies} known before (${compact(savedTokens)} tokens${cost} saved)` : "";
}

/** `3 questions, 2 hours ago`. */
export const describeAge = ({ questions, secondsAgo }: KeptSession) =>
  `${plural(questions, "question")}, ${ago(secondsAgo)}`;

/** `ended by calls, 2 hours ago`: how and when it was stopped. */
export function describeStop({ state, secondsAgo }: KeptRun): string {
  const how = ["stopped", "cancelled", "failed"].includes(state) ? state : `ended by ${state}`;
  return `${how}, ${ago(secondsAgo)}`;
}

/** `2 hours ago`. */
export function ago(secondsAgo: number): string {
  const units: [number, string][] = [[86_400, "day"], [3_600, "hour"], [60, "minute"]];
  const [seconds, unit] = units.find(([it]) => secondsAgo >= it) ?? [60, "minute"];
  return `${plural(Math.floor(secondsAgo / seconds), unit)} ago`;
}

/** `14 files (22 kB, 3 left out: 2 ignored, 1 binary)`. */
export function describeContext(context: ContextSize): string {
  const reasons = context.skippedFor.map((it) => `${it.count} ${it.reason}`).join(", ");
  const skipped = context.skipped > 0 ? `, ${context.skipped} left out${reasons === "" ? "" : `: ${reasons}`}` : "";
  const store = context.store === null ? "" : " of a shard store";
  return `${plural(context.files, "file")}${store} (${bytes(context.bytes)}${skipped})`;
}

/** `1 call`, `2 calls`. */
export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** `950`, `8.1k`, `120k`, `3.4M`. */
export function compact(count: number): string {
  if (count < 1_000) {
    return `${Math.round(count)}`;
  }
  // The border to the next unit lies below it, so that 999,999 reads 1M and not 1000k.
  const [scaled, unit] = count < 999_500 ? [count / 1_000, "k"] : [count / 1_000_000, "M"];
  return `${trim(scaled)}${unit}`;
}

/** `12 ms`, `4.2 s`, `3 min 20 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 950) {
    return `${Math.round(milliseconds)} ms`;
  }
  const seconds = milliseconds / 1_000;
  if (seconds < 59.5) {
    return `${trim(seconds)} s`;
  }
  const whole = Math.round(seconds);
  return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Cents matter while an answer is cheap, hundredths of them do not once it is dear. */
export const money = (dollars: number) => `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;

/** At most `length` characters of the first line, with an ellipsis for what is missing. */
export function shorten(text: string, length: number): string {
  const line = text.trim().replace(/\s+/gu, " ");
  const characters = Array.from(line);
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join("").trimEnd()}…`;
}

/** The words that sentences of the server and of this client begin with, if not with a name. */
const OPENING =
  /^(?:a|add|all|an|another|ask|cannot|check|choose|client|configure|fewer|how|install|is|it|its|lower|make|most|no|none|nothing|of|one|only|open|parts|read|set|some|such|that|the|there|this|to|too|try|use|what|with|you)\b(?![-./:_])/u;

/** Errors of the server begin in lower case and end without a full stop; here they stand on their own. */
export function sentence(text: string): string {
  const trimmed = inEditor(text.trim());
  // The name of a model or of a file is not written in another way because it comes first.
  const capital = OPENING.test(trimmed) ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return capital === "" || /[.!?:]$/u.test(capital) ? capital : `${capital}.`;
}

function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let scaled = count;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1_000;
    unit += 1;
  }
  return `${trim(scaled)} ${units[unit] ?? ""}`;
}

const trim = (value: number) => (value < 9.95 ? value.toFixed(1).replace(/\.0$/u, "") : value.toFixed(0));
