/**
 * What a question would read, send and cost, as read-only documents: scheme `rlm-preview`, one for each question.
 */

import * as vscode from "vscode";

import { shorten } from "./progress";

const SCHEME = "rlm-preview";

export class Previews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  /** By the question. */
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  // Registering reads `onDidChange`, so it must come last.
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  /** Shows the preview of a question, in the place of an earlier one. */
  async show(question: string, text: string): Promise<void> {
    this.#texts.set(question, text);
    const path = `/Preview: ${shorten(question, 40).replaceAll("/", "∕")}`;
    const uri = vscode.Uri.from({ scheme: SCHEME, path, query: question });
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return `${uri.query}\n\n${this.#texts.get(uri.query) ?? "Preview it again."}\n`;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
