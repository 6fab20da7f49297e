/**
 * The runs in flight: each has an answer's document, a notification with a Cancel button and a place in the list of the
 * status bar, and however it is stopped, it is stopped the same way.
 */

import { randomUUID } from "node:crypto";

import * as vscode from "vscode";
import { ErrorCodes, LSPErrorCodes, ResponseError } from "vscode-languageclient";

import { Answer, type Failure, type Question } from "./answers";
import type { Archive } from "./archive";
import { decodeFailureData, decodeResult } from "./decode";
import type { AnswerDocuments } from "./documents";
import type { Failures } from "./failures";
import type { Journal } from "./journal";
import { describeWork } from "./markdown";
import { shorten } from "./progress";
import type { RunEvent } from "./model";
import type { Server } from "./server";

/** How long the server may take to confirm a stop, in milliseconds, before the run counts as ended without its word. */
const CONFIRMATION = 5_000;

/** How often the time that a run has taken is shown anew, in milliseconds, also if nothing else happens. */
const TICK = 1_000;

interface Run {
  answer: Answer;
  cancellation: vscode.CancellationTokenSource;
  /** Shows a message in the notification. */
  report: (message: string) => void;
}

export class Runs implements vscode.Disposable {
  readonly #server: Server;
  readonly #documents: AnswerDocuments;
  readonly #failures: Failures;
  readonly #archive: Archive;
  readonly #journal: Journal;
  readonly #running = new Map<string, Run>();
  readonly #changed = new vscode.EventEmitter<Answer>();
  readonly #subscription: vscode.Disposable;
  readonly #clock = setInterval(() => { this.#running.forEach((run) => { this.#update(run); }); }, TICK);

  /** A run has begun, moved on or ended. */
  readonly onDidChange = this.#changed.event;

  constructor(server: Server, documents: AnswerDocuments, failures: Failures, archive: Archive, journal: Journal) {
    this.#server = server;
    this.#documents = documents;
    this.#failures = failures;
    this.#archive = archive;
    this.#journal = journal;
    this.#subscription = server.onEvent((event) => { this.#take(event); });
  }

  /** The answers still being worked on, oldest first. */
  get running(): Answer[] {
    return [...this.#running.values()].map((run) => run.answer);
  }

  /**
   * Asks, and returns when the run has ended, however it did. A question that follows no answer, and continues no
   * conversation, begins a session.
   */
  async ask(question: Question, follows?: Answer, continues?: string, resumes?: number): Promise<void> {
    const answer = new Answer(randomUUID(), question, follows, continues, resumes);
    const run: Run = { answer, cancellation: new vscode.CancellationTokenSource(), report: () => undefined };
    this.#running.set(answer.id, run);
    this.#documents.add(answer);
    this.#journal.asked(answer);
    void this.#archive.save(answer);
    this.#changed.fire(answer);
    await this.#documents.show(answer, false);
    const title = `RLM “${shorten(question.text, 60)}”`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    const failure = await vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => { this.stop(answer.id); });
      run.report = (message) => { progress.report({ message }); };
      run.report(answer.activity);
      return this.#complete(run);
    });
    if (failure !== undefined) {
      await this.#failures.show(failure);
    }
  }

  /** Stops a run; one that has ended stays as it is. */
  stop(id: string): void {
    const run = this.#running.get(id);
    if (run?.answer.phase === "running") {
      run.answer.stop();
      this.#update(run);
      run.cancellation.cancel();
    }
  }

  dispose(): void {
    clearInterval(this.#clock);
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  /** Sends the question and brings the answer to its end; returns a failure that nobody has been told of yet. */
  async #complete(run: Run): Promise<Failure | undefined> {
    const { answer, cancellation } = run;
    const { id, question } = answer;
    const params = {
      query: question.text,
      scope: question.scope,
      queryId: id,
      sessionId: answer.session,
      ...(answer.resumes !== undefined && { resume: answer.resumes }),
      workDoneToken: `rlm-${id}`,
      ...(question.options && { options: question.options }),
    };
    try {
      const reply = await Promise.race([this.#server.query(params, cancellation.token), unconfirmed(cancellation.token)]);
      const result = decodeResult(reply);
      if (result !== undefined) {
        answer.finish(result);
      } else if (answer.phase === "stopping") {
        answer.cancel();
      } else {
        answer.fail("the server's reply has no answer", { hint: "Client and server may be of different versions." });
      }
    } catch (error) {
      conclude(answer, error);
      // A server that dies is told of once, not for each run it takes with it.
      return isDisconnection(error) ? undefined : answer.failure;
    } finally {
      this.#running.delete(id);
      cancellation.dispose();
      this.#update(run);
      this.#journal.ended(answer);
      await this.#archive.save(answer);
    }
    return answer.failure;
  }

  #take(event: RunEvent): void {
    const run = this.#running.get(event.queryId);
    if (run !== undefined) {
      run.answer.apply(event);
      this.#update(run);
    }
  }

  #update({ answer, report }: Run): void {
    report(describeWork(answer));
    this.#documents.update(answer);
    this.#changed.fire(answer);
  }
}

/** Ends a while after the token, for a server that does not react to it. */
const unconfirmed = (token: vscode.CancellationToken) =>
  new Promise<undefined>((resolve) => {
    token.onCancellationRequested(() => setTimeout(() => { resolve(undefined); }, CONFIRMATION));
  });

/** Ends an answer by the error that came in place of a reply. */
function conclude(answer: Answer, error: unknown): void {
  if (!(error instanceof ResponseError)) {
    const hint = error instanceof Error && "hint" in error ? String(error.hint) : undefined;
    answer.fail(error instanceof Error ? error.message : String(error), hint === undefined ? {} : { hint });
    return;
  }
  const data = decodeFailureData(error.data);
  if (error.code === LSPErrorCodes.RequestCancelled) {
    answer.cancel(data.partial);
  } else if (error.code === ErrorCodes.InvalidParams) {
    answer.refuse(error.message);
  } else if (isDisconnection(error)) {
    answer.fail("the RLM server ended while it worked on this", { hint: "Ask again; the log may say why it ended." });
  } else {
    answer.fail(error.message, data);
  }
}

/** The range of codes in which JSON-RPC libraries report on the connection itself. */
const isDisconnection = (error: unknown) =>
  error instanceof ResponseError && error.code >= -32_099 && error.code <= -32_000;
