/**
 * One question and what has come of it so far: a small state machine that events, the reply and the user's Stop move
 * on. It knows neither VS Code nor the wire, and `markdown.ts` makes a document of it.
 */

import type { Citation, FailureData, Options, Progress, Result, RunEvent, Scope } from "./model";
import { describeContext } from "./progress";
import { Steps } from "./steps";

/** What is asked, and about which text; `about` names that text to a person. */
export interface Question {
  text: string;
  scope: Scope;
  about: string;
  options?: Options;
}

/** `stopping` lasts from the user's Stop to the server's word that the run has ended. */
export type Phase = "running" | "stopping" | "answered" | "cancelled" | "failed";

/** How a run ends that has come to its answer. */
const WHOLE: ReadonlySet<string> = new Set(["final", "direct", "forced"]);

/** Why there is no answer, and what to do about it. */
export interface Failure {
  message: string;
  hint?: string;
}

export class Answer {
  phase: Phase = "running";
  /** The text of the answer as far as it is known. */
  text = "";
  /** What the run is doing now. */
  activity = "starting";
  progress?: Progress;
  result?: Result;
  failure?: Failure;
  /** When it was asked, in milliseconds since 1970. */
  began = Date.now();
  readonly steps = new Steps();
  #lasted: number | undefined;

  constructor(
    readonly id: string,
    readonly question: Question,
    /** The answer that the question follows up on. */
    readonly follows?: Answer,
    /** The conversation that it goes on with, if that was begun by another server. */
    readonly continues?: string,
    /** The number of the run that it goes on with, of which no finished call is made again. */
    readonly resumes?: number,
  ) {}

  /** What follow-up questions share, by which the server knows what belongs together: named after the first of them. */
  get session(): string {
    return this.follows?.session ?? this.continues ?? this.id;
  }

  get ended(): boolean {
    return this.phase !== "running" && this.phase !== "stopping";
  }

  /** How long it took, or has taken so far, in milliseconds. */
  get elapsed(): number {
    return this.#lasted ?? Date.now() - this.began;
  }

  /** True if it has ended before its time, so that there is something to go on with. */
  get isUnfinished(): boolean {
    const isWhole = this.phase === "answered" && WHOLE.has(this.result?.termination ?? "");
    return this.ended && !isWhole;
  }

  get citations(): readonly Citation[] {
    return this.result?.citations ?? [];
  }

  /** Takes in an event. What comes after the end is late and changes nothing. */
  apply(event: RunEvent): void {
    if (this.ended) {
      return;
    }
    this.steps.apply(event);
    switch (event.kind) {
      case "delta":
        this.text = event.reset ? event.text : this.text + event.text;
        break;
      case "progress":
        this.progress = event;
        break;
      case "done":
        this.finish(event.result);
        return;
    }
    if (this.phase === "running") {
      this.activity = activityOf(event) ?? this.activity;
    }
  }

  /** The user wants it to end. */
  stop(): void {
    if (this.phase === "running") {
      this.phase = "stopping";
      this.activity = "stopping";
    }
  }

  /**
   * The result is authoritative: it replaces whatever the deltas made, some of which may have been missed. But the
   * empty result of a run that did not come to its end takes nothing away.
   */
  finish(result: Result): void {
    if (result.termination === "cancelled" || result.termination === "failed") {
      this.#keep(result);
    } else {
      this.result = result;
      this.text = result.answer;
    }
    this.#end(result.termination === "cancelled" ? "cancelled" : "answered");
  }

  /** It was cancelled; what had been found by then stays. */
  cancel(partial?: Result): void {
    this.#keep(partial);
    this.#end("cancelled");
  }

  fail(message: string, data: FailureData = {}): void {
    this.#keep(data.partial);
    this.failure = { message, ...(data.hint !== undefined && { hint: data.hint }) };
    this.#end("failed");
  }

  /** The server did not take the question. Its own words for a session in use have a name that nobody knows. */
  refuse(message: string): void {
    if (message.startsWith("another question of the session")) {
      this.fail("an earlier question of this session is still being answered", { hint: "ask again when that has ended" });
    } else {
      this.fail(message);
    }
  }

  #end(phase: Phase): void {
    this.#lasted ??= Date.now() - this.began;
    this.phase = phase;
  }

  #keep(partial: Result | undefined): void {
    if (partial !== undefined) {
      this.result = partial;
      this.text = partial.answer === "" ? this.text : partial.answer;
    }
  }
}

/** What follows a step of a run. */
const STEPS = {
  turn: "running the model's program",
  cell: "thinking about what it found",
  summary: "going on from a summary of what it found",
};

/** What an event says about what is being done now, if it says anything. */
function activityOf(event: RunEvent): string | undefined {
  switch (event.kind) {
    case "started":
      return `${event.model} looks into ${describeContext(event.context)}`;
    case "progress":
      return event.message || undefined;
    case "turn":
    case "cell":
    case "summary":
      // The steps of child runs come from many at once and would only flicker.
      if (event.depth > 0) {
        return undefined;
      }
      return STEPS[event.kind];
    default:
      return undefined;
  }
}
