/**
 * Puts the sessions of answers away that nobody looks at any more. They can be gone on with later.
 *
 * What counts are tabs: a document lives on for a while after its last tab is closed, and seems to be closed and opened
 * again whenever its language is set.
 */

import * as vscode from "vscode";

import { type AnswerDocuments, uriOf } from "./documents";
import type { Server } from "./server";

export class Sessions implements vscode.Disposable {
  readonly #server: Server;
  readonly #documents: AnswerDocuments;
  readonly #subscription: vscode.Disposable;

  constructor(server: Server, documents: AnswerDocuments) {
    this.#server = server;
    this.#documents = documents;
    this.#subscription = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      const left = closed.map((tab) => documents.find(uriOf(tab))?.session).filter((it) => it !== undefined);
      new Set(left).forEach((session) => { this.#leave(session); });
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  /** A tab of the session was closed; it may also have been moved, or another one may show one of its answers. */
  #leave(session: string): void {
    if (!this.#documents.open.some((answer) => answer.session === session)) {
      void this.#server.leaveSession(session);
    }
  }
}
