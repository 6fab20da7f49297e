/**
 * What a question would read, send and cost, what its run did, and reports, as read-only documents: scheme `rlm-preview`.
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

  /** Shows a report in Markdown, in the place of an earlier one. It is about no question. */
  async showReport(title: string, markdown: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title}.md` });
    this.update(uri, markdown);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const text = this.#texts.get(uri.toString()) ?? "Ask for it again.";
    return uri.query === "" ? text : `${uri.query}\n\n${text}\n`;
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
