/**
 * Makes the `path:line` of an answer lead to the text: links in the document, marks for what the server found of
 * them, and the jump itself.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import { type AnswerDocuments, SCHEME } from "./documents";
import { citationOf, findMentions, formatPlace, type Mention, splitFolder } from "./links";
import { STATE_MEANINGS } from "./model";
import { CITATION_STATES, type CitationState } from "./protocol";

/** The command behind every link; internal, its argument is a `Target`. */
export const OPEN_CITATION = "rlm.openCitation";

interface Target {
  uri: string;
  startLine: number;
  endLine: number;
}

export class Citations implements vscode.DocumentLinkProvider, vscode.Disposable {
  readonly #documents: AnswerDocuments;
  #registration = this.#register();
  readonly #subscriptions: { dispose(): unknown }[];
  readonly #cited = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.rangeHighlightForeground"),
  });
  readonly #states: Record<CitationState, vscode.TextEditorDecorationType> = {
    quoted: vscode.window.createTextEditorDecorationType({
      textDecoration: "underline solid",
      color: new vscode.ThemeColor("testing.iconPassed"),
    }),
    found: vscode.window.createTextEditorDecorationType({ textDecoration: "underline dashed" }),
    missing: vscode.window.createTextEditorDecorationType({
      textDecoration: "underline dotted",
      color: new vscode.ThemeColor("editorWarning.foreground"),
    }),
  };

  constructor(documents: AnswerDocuments) {
    this.#documents = documents;
    this.#subscriptions = [
      this.#cited,
      ...Object.values(this.#states),
      vscode.commands.registerCommand(OPEN_CITATION, (target: Target) => this.#open(target)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => { editors.forEach((it) => { this.#mark(it); }); }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => { this.#changed(document); }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        // The mark shows where the jump went; it has done so once the user moves on.
        if (kind !== undefined) {
          textEditor.setDecorations(this.#cited, []);
        }
      }),
    ];
  }

  async provideDocumentLinks(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
    const answer = this.#documents.find(document.uri);
    if (answer === undefined) {
      return [];
    }
    const existing = new Map<string, Promise<boolean>>();
    const links = mentions(document, answer).map(async (mention) => {
      const uri = locate(mention, answer);
      if (uri === undefined) {
        return undefined;
      }
      const key = uri.toString();
      const exists = existing.get(key) ?? isFile(uri);
      existing.set(key, exists);
      return (await exists) ? toLink(document, mention, uri) : undefined;
    });
    return (await Promise.all(links)).filter((link) => link !== undefined);
  }

  dispose(): void {
    this.#registration.dispose();
    this.#subscriptions.forEach((it) => { it.dispose(); });
  }

  #changed(document: vscode.TextDocument): void {
    vscode.window.visibleTextEditors.filter((it) => it.document === document).forEach((it) => { this.#mark(it); });
    if (this.#documents.find(document.uri)?.ended === true) {
      // The editor asks for links again only seconds after a change. It asks at once when there is a new provider.
      this.#registration.dispose();
      this.#registration = this.#register();
    }
  }

  #register(): vscode.Disposable {
    return vscode.languages.registerDocumentLinkProvider({ scheme: SCHEME }, this);
  }

  /** Marks mentions by what the server found of them. */
  #mark(editor: vscode.TextEditor): void {
    const answer = this.#documents.find(editor.document.uri);
    if (answer === undefined) {
      return;
    }
    const marked = mentions(editor.document, answer).map((mention) => ({
      mention,
      state: citationOf(mention, answer.citations)?.state,
    }));
    for (const state of CITATION_STATES) {
      const ranges = marked
        .filter((it) => it.state === state)
        .map(({ mention }) => ({
          range: rangeOf(editor.document, mention),
          hoverMessage: `${state}: ${STATE_MEANINGS[state]}`,
        }));
      editor.setDecorations(this.#states[state], ranges);
    }
  }

  async #open(target: Target): Promise<void> {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(target.uri));
    const last = document.lineCount - 1;
    const start = Math.min(target.startLine - 1, last);
    const lines = new vscode.Range(start, 0, Math.min(target.endLine - 1, last), 0);
    const editor = await vscode.window.showTextDocument(document, {
      viewColumn: columnForText(),
      selection: new vscode.Range(start, 0, start, 0),
    });
    editor.revealRange(lines, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.#cited, [lines]);
  }
}

const mentions = (document: vscode.TextDocument, answer: Answer) =>
  findMentions(document.getText(), new Set(answer.citations.map((it) => it.path)));

const rangeOf = (document: vscode.TextDocument, mention: Mention) =>
  new vscode.Range(document.positionAt(mention.start), document.positionAt(mention.end));

/**
 * The file a mention means: the server's own word where it has found it, else a new one that is not saved yet, else a path
 * inside the workspace. A model may write any path; one that leads out of the workspace is no link.
 */
export function locate(mention: Mention, answer: Answer): vscode.Uri | undefined {
  const cited = citationOf(mention, answer.citations);
  if (cited?.uri !== undefined) {
    return vscode.Uri.parse(cited.uri);
  }
  const unsaved = vscode.workspace.textDocuments.find((it) => it.isUntitled && it.uri.path === mention.path);
  if (unsaved !== undefined) {
    return unsaved.uri;
  }
  const folders = vscode.workspace.workspaceFolders ?? [];
  const named = folders.length > 1 ? splitFolder(mention.path, folders.map((it) => it.name)) : undefined;
  const root = named ? folders.find((it) => it.name === named.folder) : folders[0];
  if (root === undefined) {
    return undefined;
  }
  const path = (named?.rest ?? mention.path).replace(/\\/gu, "/");
  const uri = path.startsWith("/") ? root.uri.with({ path }) : vscode.Uri.joinPath(root.uri, path);
  return uri.path.startsWith(`${root.uri.path}/`) ? uri : undefined;
}

/** Whether there is a text to go to: on the disk, or new and not saved yet. */
async function isFile(uri: vscode.Uri): Promise<boolean> {
  if (vscode.workspace.textDocuments.some((it) => it.isUntitled && it.uri.toString() === uri.toString())) {
    return true;
  }
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}

function toLink(document: vscode.TextDocument, mention: Mention, uri: vscode.Uri): vscode.DocumentLink {
  const target: Target = { uri: uri.toString(), startLine: mention.startLine, endLine: mention.endLine };
  const command = vscode.Uri.from({ scheme: "command", path: OPEN_CITATION, query: JSON.stringify([target]) });
  const link = new vscode.DocumentLink(rangeOf(document, mention), command);
  link.tooltip = `Open ${formatPlace(mention)}`;
  return link;
}

/** A column other than the answer's, so that the answer stays in view: where text already is, if it is anywhere. */
function columnForText(): vscode.ViewColumn {
  const texts = vscode.window.visibleTextEditors.filter((it) => it.document.uri.scheme !== SCHEME);
  const column = texts.find((it) => it.viewColumn !== undefined)?.viewColumn;
  if (column !== undefined) {
    return column;
  }
  const answer = vscode.window.activeTextEditor?.viewColumn;
  return answer === undefined || answer === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
}
