/**
 * The status bar's view of what runs, the list behind it, and the report of the server on itself.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import type { AnswerDocuments } from "./documents";
import { describeWork } from "./markdown";
import { describeSaved, describeSpent, duration, plural, shorten } from "./progress";
import type { Status } from "./model";
import type { Runs } from "./runs";

/** What a click offers while nothing runs. */
const DOORS: [label: string, command: string][] = [
  ["$(search) Ask…", "rlm.ask"],
  ["$(history) Show Earlier Answers…", "rlm.showAnswers"],
  ["$(comment-discussion) Continue a Conversation…", "rlm.continue"],
  ["$(checklist) Review What Is Not Committed", "rlm.reviewChanges"],
  ["$(info) Show Status", "rlm.showStatus"],
  ["$(key) Set API Key…", "rlm.setApiKey"],
];

export class RunsView implements vscode.Disposable {
  readonly #runs: Runs;
  readonly #documents: AnswerDocuments;
  readonly #item = vscode.window.createStatusBarItem("rlm.runs", vscode.StatusBarAlignment.Left);
  readonly #subscription: vscode.Disposable;
  /** The documents whose runs can be stopped, as the menus know them. */
  #stoppable = "";

  constructor(runs: Runs, documents: AnswerDocuments) {
    this.#runs = runs;
    this.#documents = documents;
    this.#item.name = "RLM";
    this.#item.command = "rlm.showRuns";
    this.#subscription = runs.onDidChange(() => { this.#refresh(); });
    this.#refresh();
  }

  /** Lists what runs: choosing one goes to its document, its button stops it. If nothing runs, it lists what can be done. */
  async show(): Promise<void> {
    const running = this.#runs.running;
    if (running.length === 0) {
      const doors = DOORS.map(([label, command]) => ({ label, command }));
      const chosen = await vscode.window.showQuickPick(doors, { title: "RLM is not working on any question" });
      if (chosen !== undefined) {
        await vscode.commands.executeCommand(chosen.command);
      }
      return;
    }
    const stop = { iconPath: new vscode.ThemeIcon("debug-stop"), tooltip: "Stop" };
    const toItem = (answer: Answer) => ({
      label: shorten(answer.question.text, 80),
      description: answer.question.about,
      detail: describeWork(answer),
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
    const what = running.length > 1 ? plural(running.length, "question") : shorten(first?.activity ?? "", 40);
    this.#item.text = first === undefined ? "$(search) RLM" : `$(loading~spin) RLM: ${what}`;
    this.#item.tooltip =
      running.map((it) => `${shorten(it.question.text, 60)}: ${describeWork(it)}`).join("\n") || this.#describeRest();
    this.#item.accessibilityInformation = { label: first === undefined ? "RLM" : `RLM is working: ${what}` };
    this.#item.show();
    this.#showStops(running.filter((it) => it.phase === "running").map((it) => this.#documents.uriOf(it).toString()));
  }

  /** What the last answer was given by, and took. */
  #describeRest(): string {
    const result = this.#documents.all.findLast((it) => it.result !== undefined)?.result;
    const last = result === undefined ? "" : [result.model, ...describeSpent(result.usage)].join(", ");
    return last === "" ? "RLM: ask about this workspace" : `RLM: ask about this workspace\nLast answer: ${last}`;
  }

  /** Has the title bars of these documents show a button that stops their runs. */
  #showStops(documents: string[]): void {
    const stoppable = documents.join("\n");
    if (stoppable !== this.#stoppable) {
      this.#stoppable = stoppable;
      void vscode.commands.executeCommand("setContext", "rlm.stoppable", documents);
    }
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
