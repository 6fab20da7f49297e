/**
 * Reviews: what should be looked at, as problems that the language client shows.
 */

import * as vscode from "vscode";
import { LSPErrorCodes, ResponseError } from "vscode-languageclient";

import { decodeFailureData, decodeReview } from "./decode";
import type { Failures } from "./failures";
import type { Scope } from "./model";
import { describeProgress, sentence } from "./progress";
import { describeScope } from "./scopes";
import type { Server } from "./server";

const SHOW_PROBLEMS = "Show Problems";

/** Reasons for a dismissal that are offered; another one may be typed. */
const REASONS = ["It is meant to be so.", "It is wrong."];
const OTHER = "Another reason…";

export class Reviews {
  readonly #server: Server;
  readonly #failures: Failures;
  #count = 0;

  constructor(server: Server, failures: Failures) {
    this.#server = server;
    this.#failures = failures;
  }

  /** Reviews a scope, or only what has changed in it since a commit, and says how many findings there are. */
  async review(scope: Scope, diff?: string): Promise<void> {
    this.#count += 1;
    const queryId = `review-${this.#count}`;
    const title = `RLM: review of ${describeScope(scope)}`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    try {
      const reply = await vscode.window.withProgress(options, async (progress, token) => {
        const events = this.#server.onEvent((event) => {
          if (event.queryId === queryId && event.kind === "progress") {
            progress.report({ message: describeProgress(event) });
          }
        });
        try {
          const params = { scope, queryId, workDoneToken: `rlm-${queryId}`, ...(diff !== undefined && { diff }) };
          return await this.#server.review(params, token);
        } finally {
          events.dispose();
        }
      });
      await tell(decodeReview(reply));
    } catch (error) {
      if (!(error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled)) {
        const data = error instanceof ResponseError ? decodeFailureData(error.data) : {};
        await this.#failures.show({ message: error instanceof Error ? error.message : String(error), ...data });
      }
    }
  }

  /** Asks why a finding is dismissed, and has that noted. */
  async dismiss(id: string): Promise<void> {
    const options = { title: "Why is this finding dismissed for good?" };
    const chosen = await vscode.window.showQuickPick([...REASONS, OTHER], options);
    const reason = chosen === OTHER ? await vscode.window.showInputBox(options) : chosen;
    if (reason !== undefined && reason.trim() !== "") {
      await vscode.commands.executeCommand("rlm.dismiss", { id, reason: reason.trim() });
    }
  }
}

/** Says what came of a review, with what was not looked at. */
async function tell({ summary, notChecked, findings }: { summary: string; notChecked: string[]; findings: number }) {
  const left = notChecked.map((it) => sentence(`Not looked at: ${it}`)).join(" ");
  const buttons = findings > 0 ? [SHOW_PROBLEMS] : [];
  const message = `RLM: ${summary.replaceAll("\n", " ")} ${left}`.trimEnd();
  if ((await vscode.window.showInformationMessage(message, ...buttons)) === SHOW_PROBLEMS) {
    await vscode.commands.executeCommand("workbench.actions.view.problems");
  }
}
