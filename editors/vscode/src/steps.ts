/**
 * What a run has done so far, for a reader who waits for its answer: turns, programs, and how many sub-calls have ended.
 */

import type { RunEvent } from "./model";
import { duration, plural, shorten } from "./progress";

/** The latest steps that are shown. */
const SHOWN = 6;

/** Calls that are named while they are open. */
const NAMED = 3;

/** The sub-calls of one program. */
interface Batch {
  program: string;
  depth: number;
  started: number;
  ended: number;
  failed: number;
  /** The labels of those that are open, by their ids. */
  open: Map<number, string>;
}

export class Steps {
  readonly #done: string[] = [];
  /** The latest batch of each depth, outermost first. */
  #batches: Batch[] = [];

  apply(event: RunEvent): void {
    switch (event.kind) {
      case "cell": {
        const batch = this.#batches.find((it) => it.program === programOf(event));
        // What child runs do comes from many at once, and would push the steps of the run itself out.
        if (event.depth === 0) {
          this.#done.push(describeCell(event, batch));
        }
        this.#batches = event.depth === 0 ? [] : this.#batches.filter((it) => it !== batch);
        break;
      }
      case "summary":
        if (event.depth === 0) {
          this.#done.push("what was found so far was summed up, since the model's window was nearly full");
        }
        break;
      case "subcall":
        this.#count(event);
        break;
    }
  }

  /** `3 of 8 sub-calls ended`, of those that the run itself has made last; nothing if none are open. */
  get inProgress(): string {
    const batch = this.#batches.find((it) => it.open.size > 0);
    if (batch === undefined) {
      return "";
    }
    const failed = batch.failed > 0 ? `, ${batch.failed} failed` : "";
    return `${batch.ended} of ${plural(batch.started, "sub-call")} ended${failed}`;
  }

  /** The latest steps, oldest first, and what is open now. */
  get lines(): string[] {
    const left = this.#done.length - SHOWN;
    const before = left > 0 ? [`… ${plural(left, "earlier step")}`] : [];
    const open = this.#batches.flatMap((batch) => [...batch.open.values()]).filter((label) => label !== "");
    const asked = open.slice(0, NAMED).map((label) => shorten(label, 60).replace(/[.,:;]+$/u, "")).join(", ");
    const more = open.length > NAMED ? `, and ${open.length - NAMED} more` : "";
    return [...before, ...this.#done.slice(-SHOWN), ...(asked === "" ? [] : [`now asked: ${asked}${more}`])];
  }

  #count(event: RunEvent & { kind: "subcall" }): void {
    const program = programOf(event);
    let batch = this.#batches.find((it) => it.program === program);
    if (batch === undefined) {
      batch = { program, depth: event.depth, started: 0, ended: 0, failed: 0, open: new Map() };
      // The calls of a program that has ended are of no more interest once the next one of its depth calls.
      const others = this.#batches.filter((it) => it.depth !== event.depth || it.open.size > 0);
      this.#batches = [...others, batch].sort((a, b) => a.depth - b.depth);
    }
    if (event.state === "started") {
      batch.started += 1;
      batch.open.set(event.id, event.label);
    } else if (batch.open.delete(event.id)) {
      batch.ended += 1;
      batch.failed += event.state === "failed" ? 1 : 0;
    }
  }
}

/** Which program an event is about, or has made the call that it is about. */
const programOf = ({ run, iteration, cell }: { run: number; iteration: number; cell: number }) =>
  `${run}/${iteration}/${cell}`;

/** `turn 2: a program of 5 lines, 8 sub-calls, 2 s`. */
function describeCell(event: RunEvent & { kind: "cell" }, batch: Batch | undefined): string {
  const { iteration, lines, seconds, error } = event;
  const calls = batch === undefined ? "" : `, ${plural(batch.started, "sub-call")}`;
  const failed = error === undefined ? "" : `, failed: ${shorten(error, 80)}`;
  return `turn ${iteration}: a program of ${plural(lines, "line")}${calls}, ${duration(seconds * 1_000)}${failed}`;
}
