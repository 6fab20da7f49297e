/**
 * The extension's table of contents: what there is, how it hangs together, and when the server runs.
 */

import * as vscode from "vscode";

import { Archive } from "./archive";
import { Citations } from "./citations";
import { Commands } from "./commands";
import { AnswerDocuments } from "./documents";
import { Failures } from "./failures";
import { Journal } from "./journal";
import { ApiKeys } from "./keys";
import { Lenses } from "./lenses";
import { Previews } from "./previews";
import { Questions } from "./questions";
import { Reviews } from "./reviews";
import { Runs } from "./runs";
import { Server, StartFailed } from "./server";
import { Sessions } from "./sessions";
import { SECTION, serverPathIsSet } from "./settings";
import { RunsView } from "./status";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("RLM", { log: true });
  const keys = new ApiKeys(context.secrets);
  const running = new Server(log, keys);
  const failures = new Failures(log);
  const documents = new AnswerDocuments();
  const previews = new Previews();
  const archive = new Archive(context, documents, log);
  const runs = new Runs(running, documents, failures, archive, new Journal(log));
  const lenses = new Lenses(documents);
  const view = new RunsView(runs, documents);
  const questions = new Questions(context.workspaceState);
  const reviews = new Reviews(running, failures);
  const commands = new Commands({ server: running, documents, previews, failures, runs, view, questions, reviews, keys, archive });
  const restart = () => void commands.ready(() => running.restart());
  server = running;

  context.subscriptions.push(
    log,
    running,
    documents,
    previews,
    archive,
    runs,
    lenses,
    view,
    new Citations(documents),
    new Sessions(running, documents),
    ...commands.register(),
    runs.onDidChange(() => { lenses.refresh(); }),
    running.onDied((outcome) => failures.showCrash(outcome)),
    keys.onDidChange(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.serverPath`)) {
        restart();
      } else if (event.affectsConfiguration(SECTION)) {
        running.sendOptions().catch((error: unknown) => { log.error(String(error)); });
      }
    }),
  );
  void archive.restore();
  void startQuietly(commands, running);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/**
 * Starts the server with the window, so that its code actions are offered. Nobody has asked anything yet: a program
 * that is simply not installed is not worth a notice before somebody does.
 */
async function startQuietly(commands: Commands, server: Server): Promise<void> {
  await commands.ready(async () => {
    try {
      await server.ready();
    } catch (error) {
      if (serverPathIsSet() || !(error instanceof StartFailed && error.missing)) {
        throw error;
      }
    }
  });
}
