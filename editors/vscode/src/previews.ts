/**
 * What a question would read, send and cost, and what its run did, as read-only documents: scheme `rlm-preview`.
 */

import * as vscode from "vscode";

import { shorten } from "./progress";

const SCHEME = "rlm-preview";

export class Previews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  /** By their URIs. */
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  // Registering reads `onDidChange`, so it must come last.
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);

  /** Shows the preview of a question, or what its run did, in the place of an earlier one. */
  async show(kind: "Preview" | "Trace", question: string, text: string): Promise<vscode.Uri> {
    const uri = vscode.Uri.from({
      scheme: SCHEME,
      path: `/${kind}: ${shorten(question, 40).replaceAll("/", "∕")}`,
      query: question,
    });
    this.update(uri, text);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
    return uri;
  }

  /** Changes the text of one that is shown. */
  update(uri: vscode.Uri, text: string): void {
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return `${uri.query}\n\n${this.#texts.get(uri.toString()) ?? "Ask for it again."}\n`;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
