/**
 * Answers as read-only documents: scheme `rlm-answer`, one for each question, growing while the answer streams in.
 *
 * A virtual document rather than a web page, because search, copying, splitting and links then work as in any other
 * file, and because text that a model wrote is never run or rendered.
 *
 * Its language looks like Markdown but is our own. In Markdown the editor makes links of everything, also of
 * `[more](command:…)`, and a click on that runs any command: a repository could have a model write one.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import { renderAnswer } from "./markdown";
import { shorten } from "./progress";

export const SCHEME = "rlm-answer";

/** Declared in package.json, with its grammar and with settings that suit prose. */
const LANGUAGE = "rlm-answer";

/** Updates of a growing document are at least this far apart, in milliseconds. */
const UPDATE_INTERVAL = 60;

/** Ended answers whose documents can still be opened again; beyond that the oldest are forgotten. */
export const KEPT = 100;

/** What a tab shows, if that has an address: a text, a notebook, an image. */
export function uriOf(tab: vscode.Tab | undefined): vscode.Uri | undefined {
  const input = tab?.input;
  const hasUri =
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook || input instanceof vscode.TabInputCustom;
  return hasUri ? input.uri : undefined;
}

export class AnswerDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #answers = new Map<string, Answer>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  // Registering reads `onDidChange`, so it must come last.
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  add(answer: Answer): void {
    this.#answers.set(answer.id, answer);
    for (const old of this.#answers.values()) {
      if (this.#answers.size <= KEPT) {
        break;
      }
      if (old.ended) {
        this.#answers.delete(old.id);
      }
    }
  }

  /** Forgets an answer. */
  remove(answer: Answer): void {
    this.#answers.delete(answer.id);
  }

  /** All that there are, oldest first. */
  get all(): Answer[] {
    return [...this.#answers.values()];
  }

  /** The answer of an id, as the argument of a command brings it. */
  get(id: unknown): Answer | undefined {
    return typeof id === "string" ? this.#answers.get(id) : undefined;
  }

  /** The answer that a document shows. */
  find(uri: vscode.Uri | undefined): Answer | undefined {
    return uri?.scheme === SCHEME ? this.get(uri.query) : undefined;
  }

  /** The address of the document of an answer. */
  uriOf(answer: Answer): vscode.Uri {
    // The path is what the tab shows; characters that separate paths would cut it.
    const title = shorten(answer.question.text.replace(/[/\\]/gu, " "), 40);
    return vscode.Uri.from({ scheme: SCHEME, path: `/${title}`, query: answer.id });
  }

  /** The answers that a tab shows, oldest first. */
  get open(): Answer[] {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = new Set(tabs.map((tab) => this.find(uriOf(tab))));
    return this.all.filter((answer) => shown.has(answer));
  }

  /** Opens the document beside what the user is looking at, or in the column where answers already are. */
  async show(answer: Answer, focus: boolean): Promise<void> {
    const opened = await vscode.workspace.openTextDocument(this.uriOf(answer));
    const document = await vscode.languages.setTextDocumentLanguage(opened, LANGUAGE);
    const answers = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.scheme === SCHEME);
    const nothingOpen = vscode.window.tabGroups.activeTabGroup.tabs.length === 0;
    await vscode.window.showTextDocument(document, {
      viewColumn: answers?.viewColumn ?? (nothingOpen ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside),
      preserveFocus: !focus,
      preview: false,
    });
  }

  /** Says that an answer has changed. Its end shows at once, everything before that in bounded steps. */
  update(answer: Answer): void {
    if (answer.ended) {
      this.#fire(answer);
    } else if (!this.#timers.has(answer.id)) {
      this.#timers.set(answer.id, setTimeout(() => { this.#fire(answer); }, UPDATE_INTERVAL));
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const answer = this.#answers.get(uri.query);
    return answer ? renderAnswer(answer) : "This answer is not kept any more. Ask again to get a new one.\n";
  }

  dispose(): void {
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
    this.#registration.dispose();
    this.#changed.dispose();
  }

  #fire(answer: Answer): void {
    clearTimeout(this.#timers.get(answer.id));
    this.#timers.delete(answer.id);
    this.#changed.fire(this.uriOf(answer));
  }
}
