/**
 * What a question can be about: the workspace, a folder, a file, a selection, or a text that is in no file.
 */

import * as vscode from "vscode";

import { uriOf } from "./documents";
import type { Scope } from "./model";

/** Schemes of documents that the server can read: those on disk, and new ones, which it is sent. */
const READABLE = ["file", "untitled"];

/** A scope and its name for a person. */
export interface Subject {
  scope: Scope;
  about: string;
}

/** The workspace, if there is one. Without it the server would take the folder it was started in, which nobody chose. */
export function workspaceScope(): Scope | undefined {
  return vscode.workspace.workspaceFolders?.length ? { kind: "workspace" } : undefined;
}

/** A file or folder chosen in the explorer or in a tab, else the file of the active editor or tab. */
export function resourceScope(kind: "file" | "folder", chosen: unknown): Scope | undefined {
  const inFront = [uriInFront(), vscode.window.activeTextEditor?.document.uri];
  const uri = (chosen instanceof vscode.Uri ? [chosen] : inFront).find((it) => it && READABLE.includes(it.scheme));
  return uri && { kind, uri: uri.toString() };
}

/** The selection of the active editor, if there is one. */
export function selectionScope(): Scope | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty || !READABLE.includes(editor.document.uri.scheme)) {
    return undefined;
  }
  const { start, end } = editor.selection;
  return {
    kind: "selection",
    uri: editor.document.uri.toString(),
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
  };
}

/** What is selected: of a document that the server cannot read (a cell of a notebook, an answer, an output) the text itself. */
export function selectedSubject(): Subject | undefined {
  const scope = selectionScope();
  if (scope !== undefined) {
    return toSubject(scope);
  }
  const editor = vscode.window.activeTextEditor;
  const text = editor?.document.getText(editor.selection) ?? "";
  const name = editor?.document.uri.scheme === "output" ? "the output" : nameInFront();
  return text.trim() === "" ? undefined : { scope: { kind: "value", value: text }, about: `the selection in ${name}` };
}

/** The file that is chosen or in front. Of a notebook that is not saved it is the text of its cells, as they are now. */
export function fileSubject(chosen: unknown): Subject | undefined {
  const uri = chosen instanceof vscode.Uri ? chosen : uriInFront();
  const notebook = vscode.workspace.notebookDocuments.find((it) => it.uri.toString() === uri?.toString());
  if (notebook !== undefined && (notebook.isDirty || notebook.isUntitled)) {
    const cells = notebook.getCells().map((cell) => cell.document.getText());
    return { scope: { kind: "value", value: cells.join("\n\n") }, about: `the cells of ${nameInFront()}` };
  }
  const scope = resourceScope("file", chosen);
  return scope && toSubject(scope);
}

export const toSubject = (scope: Scope): Subject => ({ scope, about: describeScope(scope) });

/** `the workspace demo`, `src/a.rs`, `src/a.rs:3-9`. */
export function describeScope(scope: Scope): string {
  if (scope.kind === "workspace") {
    return `the workspace ${(vscode.workspace.workspaceFolders ?? []).map((it) => it.name).join(", ")}`.trimEnd();
  }
  if (scope.kind === "value") {
    return "a text";
  }
  const path = vscode.workspace.asRelativePath(vscode.Uri.parse(scope.uri));
  if (scope.kind !== "selection") {
    return path;
  }
  // A selection that ends before the first character of a line does not take that line in.
  const { start, end } = scope.range;
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return last > start.line ? `${path}:${start.line + 1}-${last + 1}` : `${path}:${start.line + 1}`;
}

/** The name of what is in front, as its tab shows it. */
export const nameInFront = (): string => vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? "this window";

/** What the tab in front shows, if that has an address. A text that is active may be that of a panel. */
const uriInFront = (): vscode.Uri | undefined => uriOf(vscode.window.tabGroups.activeTabGroup.activeTab);
