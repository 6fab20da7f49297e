/**
 * What each command of the palette, the menus and the document's own actions does.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import type { Archive } from "./archive";
import { decodeFinding, decodeQuery, decodeSelection } from "./decode";
import type { AnswerDocuments } from "./documents";
import type { Failures } from "./failures";
import type { ApiKeys } from "./keys";
import { ASK_AGAIN, COPY_ANSWER } from "./lenses";
import type { Previews } from "./previews";
import { describeAge, describeStop, shorten } from "./progress";
import type { DogfoodAction, Scope } from "./model";
import type { Questions } from "./questions";
import type { Reviews } from "./reviews";
import type { Runs } from "./runs";
import {
  describeScope,
  fileSubject,
  nameInFront,
  resourceScope,
  selectedSubject,
  selectionScope,
  type Subject,
  toSubject,
  workspaceScope,
} from "./scopes";
import { type Server, StartFailed } from "./server";
import { describeStatus, type RunsView } from "./status";

/** The reports of dogfooding, as they are offered. */
const DOGFOOD_REPORTS: { label: string; description: string; action: DogfoodAction }[] = [
  { label: "Where work pays", description: "points with evidence and priority; calls no model", action: "analyze" },
  { label: "Cycles", description: "what was proposed, and what became of it", action: "history" },
  { label: "Run a cycle", description: "patches that prove what they claim; you choose what to take", action: "cycle" },
  { label: "Share of lines", description: "how many lines come from cycles", action: "stats" },
];

const OPEN_FOLDER = "Open Folder";
const STOP = "Stop";

/** The parts of the extension that commands act on. */
export interface Parts {
  server: Server;
  documents: AnswerDocuments;
  previews: Previews;
  failures: Failures;
  runs: Runs;
  view: RunsView;
  questions: Questions;
  reviews: Reviews;
  keys: ApiKeys;
  archive: Archive;
}

export class Commands {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.server.onQueryCommand = (argument) => this.#query(argument);
  }

  /** Ids as in package.json, and those of the actions in an answer. */
  register(): vscode.Disposable[] {
    const { view, server, keys, archive } = this.#parts;
    const table: Record<string, (argument: unknown) => unknown> = {
      "rlm.ask": () => this.#askWorkspace(),
      "rlm.askSelection": (given) => this.#askSelection(given),
      "rlm.askFile": (chosen) => this.#ask(fileSubject(chosen), `There is no file to ask about in “${nameInFront()}”.`),
      "rlm.askFolder": (chosen) => this.#askFolder(chosen),
      "rlm.followUp": (chosen) => this.#followUp(chosen),
      "rlm.continue": () => this.#continue(),
      "rlm.resume": (id) => this.#resume(id),
      "rlm.preview": () => this.#preview(),
      "rlm.showDogfood": () => this.#dogfood(),
      "rlm.reviewWorkspace": () => this.#review(workspaceScope(), "Open a folder to review first."),
      "rlm.reviewChanges": () => this.#review(workspaceScope(), "Open a folder to review first.", "HEAD"),
      "rlm.reviewFile": (chosen) => this.#review(resourceScope("file", chosen), "Open the file to review first."),
      "rlm.dismissFinding": (finding) => this.#dismiss(finding),
      "rlm.clearReview": () => this.#clearReview(),
      "rlm.showTrace": (chosen) => this.#showTrace(chosen),
      "rlm.changeSelection": (given) =>
        this.#change(decodeSelection(given) ?? selectionScope(), "Select the text to change first."),
      "rlm.changeFile": (chosen) => this.#change(resourceScope("file", chosen), "Open the file to change first."),
      "rlm.stop": (id) => this.#stop(id),
      "rlm.showRuns": () => view.show(),
      "rlm.showStatus": () => this.#showStatus(),
      "rlm.restartServer": () => this.ready(() => server.restart()),
      "rlm.setApiKey": (variable) => keys.prompt(variable),
      "rlm.showAnswers": () => archive.choose(),
      [ASK_AGAIN]: (id) => this.#askAgain(id),
      [COPY_ANSWER]: (id) => this.#copy(id),
    };
    return Object.entries(table).map(([id, run]) => vscode.commands.registerCommand(id, run));
  }

  /** True once the server runs; if it cannot, the user is told why. */
  async ready(start = () => this.#parts.server.ready()): Promise<boolean> {
    try {
      await start();
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const hint = error instanceof StartFailed ? { hint: error.hint } : {};
      await this.#parts.failures.show({ message, ...hint }, "serverPath");
      return false;
    }
  }

  async #askWorkspace(): Promise<void> {
    const scope = workspaceScope();
    if (scope !== undefined) {
      await this.#ask(toSubject(scope), "");
    } else if (await vscode.window.showInformationMessage("Open a folder to ask questions about.", OPEN_FOLDER)) {
      await vscode.commands.executeCommand("workbench.action.files.openFolder");
    }
  }

  async #askSelection(given: unknown): Promise<void> {
    const scope = decodeSelection(given);
    await this.#ask(scope ? toSubject(scope) : selectedSubject(), "Select the text to ask about first.");
  }

  async #askFolder(chosen: unknown): Promise<void> {
    const scope = resourceScope("folder", chosen);
    await this.#ask(scope && toSubject(scope), "Choose a folder in the explorer first.");
  }

  /** Prompts for a question about a subject and asks it; without a subject it says `otherwise`. */
  async #ask(subject: Subject | undefined, otherwise: string): Promise<void> {
    if (subject === undefined) {
      await vscode.window.showInformationMessage(otherwise);
    } else if (await this.ready()) {
      const text = await this.#parts.questions.prompt(`Ask RLM about ${subject.about}`);
      if (text !== undefined) {
        await this.#parts.runs.ask({ text, ...subject });
      }
    }
  }

  /**
   * Prompts for a further question of a session and asks it about the same text: a question that follows the answer
   * which is meant, by a document's own actions and menus or by being in front, else the latest of those that are open.
   */
  async #followUp(chosen: unknown): Promise<void> {
    const { documents, runs, questions } = this.#parts;
    const uri = chosen instanceof vscode.Uri ? chosen : vscode.window.activeTextEditor?.document.uri;
    const answer = documents.get(chosen) ?? documents.find(uri) ?? documents.open.at(-1);
    if (answer === undefined) {
      await vscode.window.showInformationMessage("There is no open answer to follow up on. Ask a question first.");
      return;
    }
    if (!(await this.#isFree(answer)) || !(await this.ready())) {
      return;
    }
    const text = await questions.prompt(`Follow up on “${shorten(answer.question.text, 60)}”`);
    if (text !== undefined && (await this.#isFree(answer))) {
      await runs.ask({ ...answer.question, text }, answer);
    }
  }

  /** Has the user choose a conversation that is kept, and asks a further question of it about the workspace. */
  async #continue(): Promise<void> {
    const { runs, questions, server } = this.#parts;
    const scope = workspaceScope();
    if (scope === undefined || !(await this.ready())) {
      return;
    }
    const kept = (await server.sessions()).map((session) => ({
      label: session.title,
      description: describeAge(session),
      session,
    }));
    if (kept.length === 0) {
      await vscode.window.showInformationMessage("No conversation about this workspace is kept. Ask a question first.");
      return;
    }
    const chosen = await vscode.window.showQuickPick(kept, { title: "Continue a conversation" });
    const busy = runs.running.find((it) => it.session === chosen?.session.sessionId);
    if (chosen === undefined || (busy !== undefined && !(await this.#isFree(busy)))) {
      return;
    }
    const text = await questions.prompt(`Follow up on “${shorten(chosen.label, 60)}”`);
    if (text !== undefined) {
      await runs.ask({ text, scope, about: describeScope(scope) }, undefined, chosen.session.sessionId);
    }
  }

  /**
   * Goes on with what was stopped: the answer that is meant, by an action in it or by being in front, else a run that the
   * user chooses, which another server may have begun.
   */
  async #resume(id: unknown): Promise<void> {
    const { documents, runs, server } = this.#parts;
    const shown = documents.get(id) ?? documents.find(vscode.window.activeTextEditor?.document.uri);
    if (shown?.isUnfinished) {
      if ((await this.#isFree(shown)) && (await this.ready())) {
        // Without a number the same question does the same: what is known is served.
        await runs.ask(shown.question, shown.follows, shown.session, shown.result?.run ?? undefined);
      }
      return;
    }
    const scope = workspaceScope();
    if (scope === undefined || !(await this.ready())) {
      return;
    }
    const stopped = (await server.stopped()).map((run) => ({
      label: shorten(run.query, 60),
      description: describeStop(run),
      run,
    }));
    if (stopped.length === 0) {
      await vscode.window.showInformationMessage("No question about this workspace was stopped.");
      return;
    }
    const chosen = await vscode.window.showQuickPick(stopped, { title: "Go on with a stopped question" });
    if (chosen !== undefined) {
      const { query, run, sessionId } = chosen.run;
      await runs.ask({ text: query, scope, about: describeScope(scope) }, undefined, sessionId ?? undefined, run);
    }
  }

  /** True if no question of the answer's session is being answered; else the user is told of it, and may stop that one. */
  async #isFree({ session }: Answer): Promise<boolean> {
    const busy = this.#parts.runs.running.find((it) => it.session === session);
    if (busy === undefined) {
      return true;
    }
    const message = `“${shorten(busy.question.text, 60)}” is still being answered.`;
    if (await vscode.window.showInformationMessage(message, STOP)) {
      this.#parts.runs.stop(busy.id);
    }
    return false;
  }

  /** Prompts for a question about the workspace, and shows what asking it would read, send and cost. */
  async #preview(): Promise<void> {
    const scope = workspaceScope();
    if (scope === undefined) {
      await vscode.window.showInformationMessage("Open a folder to ask questions about.");
      return;
    }
    const title = `Ask RLM about ${describeScope(scope)}`;
    const text = (await this.ready()) ? await this.#parts.questions.prompt(title) : undefined;
    if (text === undefined) {
      return;
    }
    try {
      await this.#parts.previews.show("Preview", text, await this.#parts.server.preview(text, scope));
    } catch (error) {
      await this.#parts.failures.show({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Where work on the first folder pays, or what became of its cycles. */
  async #dogfood(): Promise<void> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (folder === undefined) {
      await vscode.window.showInformationMessage("Open the folder of a repository first.");
      return;
    }
    const placeHolder = "What do you want to see?";
    const picked = (await this.ready()) ? await vscode.window.showQuickPick(DOGFOOD_REPORTS, { placeHolder }) : undefined;
    if (picked === undefined) {
      return;
    }
    try {
      if (picked.action === "cycle") {
        await this.#cycle(folder.uri.toString());
        return;
      }
      const work = () => this.#parts.server.dogfood(picked.action, folder.uri.toString());
      const location = vscode.ProgressLocation.Window;
      const report = await vscode.window.withProgress({ location, title: "RLM: looking at the repository" }, work);
      await this.#parts.previews.showReport(picked.label, report);
    } catch (error) {
      await this.#parts.failures.show({ message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** A cycle over a folder: its report, and what the person takes of it, which is nothing unless it is chosen. */
  async #cycle(folder: string): Promise<void> {
    const options = { location: vscode.ProgressLocation.Notification, title: "RLM: cycle", cancellable: true };
    const work = (_: unknown, token: vscode.CancellationToken) => this.#parts.server.cycle(folder, token);
    const { markdown, cycle, offered } = await vscode.window.withProgress(options, work);
    await this.#parts.previews.showReport("Cycle", markdown);
    if (offered.length === 0) {
      return;
    }
    const items = offered.map((it) => ({ label: `${it.number}. ${it.title}`, description: it.kind, number: it.number }));
    const placeHolder = "What do you want to take? It is committed on a branch of its own.";
    const taken = await vscode.window.showQuickPick(items, { canPickMany: true, ignoreFocusOut: true, placeHolder });
    if (taken !== undefined && taken.length > 0) {
      const numbers = taken.map((it) => it.number);
      void vscode.window.showInformationMessage(`RLM: ${await this.#parts.server.approve(folder, cycle, numbers)}`);
    }
  }

  /** `rlm.query` from a key binding or another extension: a question that needs no prompt. */
  async #query(argument: unknown): Promise<void> {
    const given = decodeQuery(argument);
    if (given === undefined) {
      await this.#askWorkspace();
      return;
    }
    const { query, scope, options } = given;
    await this.#parts.runs.ask({ text: query, scope, about: describeScope(scope), ...(options && { options }) });
  }

  /** The first question of a session begins another one; a follow-up stays what it is. */
  async #askAgain(id: unknown): Promise<void> {
    const answer = this.#parts.documents.get(id);
    if (answer === undefined || (answer.follows !== undefined && !(await this.#isFree(answer)))) {
      return;
    }
    if (await this.ready()) {
      await this.#parts.runs.ask(answer.question, answer.follows, answer.continues);
    }
  }

  /** Shows what the run of an answer did, or does while it is shown: the one that is meant, or the latest that is open. */
  async #showTrace(chosen: unknown): Promise<void> {
    const { documents, previews, server } = this.#parts;
    const shown = documents.find(vscode.window.activeTextEditor?.document.uri);
    const answer = documents.get(chosen) ?? shown ?? documents.open.at(-1);
    if (answer === undefined) {
      await vscode.window.showInformationMessage("There is no open answer. Ask a question first.");
      return;
    }
    if (!(await this.ready())) {
      return;
    }
    const read = async () => {
      try {
        return await server.transcript(answer.id);
      } catch (error) {
        return { text: error instanceof Error ? error.message : String(error), isWhole: answer.ended };
      }
    };
    const isOpen = (uri: vscode.Uri) =>
      vscode.window.visibleTextEditors.some((it) => it.document.uri.toString() === uri.toString());
    let transcript = await read();
    const uri = await previews.show("Trace", answer.question.text, transcript.text);
    while (!transcript.isWhole && isOpen(uri)) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      transcript = await read();
      previews.update(uri, transcript.text);
    }
  }

  /**
   * Prompts for what is to change in a scope; without one it says `otherwise`. The server proposes it as an edit that needs to be
   * confirmed, which the editor shows before it makes any of it.
   */
  async #change(scope: Scope | undefined, otherwise: string): Promise<void> {
    if (scope === undefined) {
      await vscode.window.showInformationMessage(otherwise);
    } else if (await this.ready()) {
      const title = `Change ${describeScope(scope)}`;
      const typed = await vscode.window.showInputBox({ title, prompt: "What is to change?", ignoreFocusOut: true });
      const instruction = typed?.trim() ?? "";
      if (instruction !== "") {
        await vscode.commands.executeCommand("rlm.edit", { instruction, scope });
      }
    }
  }

  /** Reviews a scope; without one it says `otherwise`. */
  async #review(scope: Scope | undefined, otherwise: string, diff?: string): Promise<void> {
    if (scope === undefined) {
      await vscode.window.showInformationMessage(otherwise);
    } else if (await this.ready()) {
      await this.#parts.reviews.review(scope, diff);
    }
  }

  async #dismiss(finding: unknown): Promise<void> {
    const id = decodeFinding(finding);
    if (id !== undefined) {
      await this.#parts.reviews.dismiss(id);
    }
  }

  /** Takes the findings of all reviews away. */
  async #clearReview(): Promise<void> {
    if (await this.ready()) {
      await vscode.commands.executeCommand("rlm.clearFindings");
    }
  }

  async #copy(id: unknown): Promise<void> {
    const answer = this.#parts.documents.get(id);
    if (answer !== undefined) {
      await vscode.env.clipboard.writeText(answer.text);
      vscode.window.setStatusBarMessage("Answer copied", 2_000);
    }
  }

  /** Stops the run that is meant: the given one, the one whose document is in front, the only one, or one chosen. */
  async #stop(id: unknown): Promise<void> {
    const { runs, documents, view } = this.#parts;
    const shown = documents.find(vscode.window.activeTextEditor?.document.uri);
    const only = runs.running.length === 1 ? runs.running[0] : undefined;
    const meant = typeof id === "string" ? id : shown?.ended === false ? shown.id : only?.id;
    if (meant === undefined) {
      await view.show();
    } else {
      runs.stop(meant);
    }
  }

  async #showStatus(): Promise<void> {
    const status = (await this.ready()) ? await this.#parts.server.status() : undefined;
    if (status !== undefined) {
      const options = { modal: true, detail: describeStatus(status) };
      await vscode.window.showInformationMessage(`RLM ${status.version}`, options);
    }
  }
}
