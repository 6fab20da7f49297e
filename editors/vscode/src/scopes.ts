/**
 * What a question can be about: the workspace, a folder, a file, a selection.
 */

import * as vscode from "vscode";

import type { Scope } from "./model";

/** Schemes of documents that the server can read: those on disk, and new ones, which it is sent. */
const READABLE = ["file", "untitled"];

/** The workspace, if there is one. Without it the server would take the folder it was started in, which nobody chose. */
export function workspaceScope(): Scope | undefined {
  return vscode.workspace.workspaceFolders?.length ? { kind: "workspace" } : undefined;
}

/** A file or folder chosen in the explorer or in a tab, else the file of the active editor. */
export function resourceScope(kind: "file" | "folder", chosen: unknown): Scope | undefined {
  const uri = chosen instanceof vscode.Uri ? chosen : vscode.window.activeTextEditor?.document.uri;
  return uri !== undefined && READABLE.includes(uri.scheme) ? { kind, uri: uri.toString() } : undefined;
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

/** `the workspace demo`, `src/a.rs`, `src/a.rs:3-9`. */
export function describeScope(scope: Scope): string {
  if (scope.kind === "workspace") {
    return `the workspace ${(vscode.workspace.workspaceFolders ?? []).map((it) => it.name).join(", ")}`.trimEnd();
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
