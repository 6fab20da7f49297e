/**
 * The actions in an answer, below its question: Stop while it runs; Go On if it was stopped, a follow-up, Ask Again and Copy once it has ended.
 */

import * as vscode from "vscode";

import { type AnswerDocuments, SCHEME } from "./documents";

/** Internal commands; their argument is the answer's id. */
export const ASK_AGAIN = "rlm.askAgain";
export const COPY_ANSWER = "rlm.copyAnswer";

export class Lenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #documents: AnswerDocuments;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  // Registering reads `onDidChangeCodeLenses`, so it must come last.
  readonly #registration = vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this);

  constructor(documents: AnswerDocuments) {
    this.#documents = documents;
  }

  /** To be called when a run has begun to stop or has ended. */
  refresh(): void {
    this.#changed.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const answer = this.#documents.find(document.uri);
    if (answer === undefined) {
      return [];
    }
    // Below the question: what stands above the first line is out of view after a jump to the top.
    const lens = (title: string, command: string) =>
      new vscode.CodeLens(new vscode.Range(1, 0, 1, 0), { title, command, arguments: [answer.id] });
    if (answer.ended) {
      const copy = answer.text === "" ? [] : [lens("$(copy) Copy Answer", COPY_ANSWER)];
      const further = lens("$(comment-discussion) Ask a Follow-up…", "rlm.followUp");
      const on = answer.isUnfinished ? [lens("$(debug-continue) Go On", "rlm.resume")] : [];
      return [...on, further, lens("$(refresh) Ask Again", ASK_AGAIN), ...copy];
    }
    return answer.phase === "running"
      ? [lens("$(debug-stop) Stop", "rlm.stop"), lens("$(list-tree) Show What It Does", "rlm.showTrace")]
      : [];
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
