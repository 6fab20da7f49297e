/**
 * The status bar's view of what runs, the list behind it, and the report of the server on itself.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import type { AnswerDocuments } from "./documents";
import { describeSaved, describeSpent, duration, plural, shorten } from "./progress";
import type { Status } from "./model";
import type { Runs } from "./runs";

export class RunsView implements vscode.Disposable {
  readonly #runs: Runs;
  readonly #documents: AnswerDocuments;
  readonly #item = vscode.window.createStatusBarItem("rlm.runs", vscode.StatusBarAlignment.Left);
  readonly #subscription: vscode.Disposable;

  constructor(runs: Runs, documents: AnswerDocuments) {
    this.#runs = runs;
    this.#documents = documents;
    this.#item.name = "RLM";
    this.#item.command = "rlm.showRuns";
    this.#subscription = runs.onDidChange(() => { this.#refresh(); });
  }

  /** Lists what runs: choosing one goes to its document, its button stops it. */
  async show(): Promise<void> {
    const running = this.#runs.running;
    if (running.length === 0) {
      await vscode.window.showInformationMessage("RLM is not working on any question.");
      return;
    }
    const stop = { iconPath: new vscode.ThemeIcon("debug-stop"), tooltip: "Stop" };
    const toItem = (answer: Answer) => ({
      label: shorten(answer.question.text, 80),
      description: answer.question.about,
      detail: answer.activity,
      buttons: [stop],
      answer,
    });
    const box = vscode.window.createQuickPick<ReturnType<typeof toItem>>();
    box.placeholder = "Go to an answer in progress, or stop it";
    box.items = running.map(toItem);
    box.onDidTriggerItemButton(({ item }) => {
      this.#runs.stop(item.answer.id);
      box.hide();
    });
    box.onDidAccept(() => {
      const chosen = box.selectedItems[0];
      box.hide();
      if (chosen !== undefined) {
        void this.#documents.show(chosen.answer, true);
      }
    });
    box.onDidHide(() => { box.dispose(); });
    box.show();
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #refresh(): void {
    const running = this.#runs.running;
    const [first] = running;
    if (first === undefined) {
      this.#item.hide();
      return;
    }
    const what = running.length === 1 ? shorten(first.activity, 40) : plural(running.length, "question");
    this.#item.text = `$(loading~spin) RLM: ${what}`;
    this.#item.tooltip = running.map((it) => `${shorten(it.question.text, 60)}: ${it.activity}`).join("\n");
    this.#item.show();
  }
}

/** The report as lines of text. */
export function describeStatus(status: Status): string {
  const worker = status.worker === "" || status.worker === status.model ? "" : `, sub-calls: ${status.worker}`;
  const spent = [...describeSpent(status.usage), describeSaved(status.usage)].filter((part) => part !== "");
  return [
    `Model: ${status.model}${worker}`,
    status.why === "" ? "" : `Why this model: ${status.why}`,
    `This session: ${spent.length === 0 ? "no calls yet" : spent.join(", ")}`,
    ...status.runs.map((run) => `Running for ${duration(run.seconds * 1_000)}: ${shorten(run.query, 60)}`),
  ]
    .filter((line) => line !== "")
    .join("\n");
}
