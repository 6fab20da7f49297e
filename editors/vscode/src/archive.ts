/**
 * Keeps answers on the disk, so that a window that is loaded anew, or closed and opened another day, still has them: each in
 * a file of the editor's own storage for the workspace, and the names of those that tabs show.
 */

import * as vscode from "vscode";

import type { Answer } from "./answers";
import { type AnswerDocuments, KEPT } from "./documents";
import { freeze, thaw } from "./kept";
import { ago, shorten } from "./progress";

export class Archive implements vscode.Disposable {
  readonly #folder: vscode.Uri;
  /** The names of the answers that tabs show. The editor's own memory is written too late for a reload. */
  readonly #open: vscode.Uri;
  readonly #documents: AnswerDocuments;
  readonly #log: vscode.LogOutputChannel;
  #subscription: vscode.Disposable | undefined;
  /** One after the other, so that the last state of an answer is the one that stays. */
  #writing = Promise.resolve();

  constructor(context: vscode.ExtensionContext, documents: AnswerDocuments, log: vscode.LogOutputChannel) {
    // Without a folder there is no storage of a workspace.
    const storage = context.storageUri ?? context.globalStorageUri;
    this.#folder = vscode.Uri.joinPath(storage, "answers");
    this.#open = vscode.Uri.joinPath(storage, "open.json");
    this.#documents = documents;
    this.#log = log;
  }

  /** Brings back what is kept, and shows what tabs have shown. */
  async restore(): Promise<void> {
    const open = await readNames(this.#open);
    try {
      await this.#load();
    } catch (error) {
      this.#log.warn(`Earlier answers could not be read: ${String(error)}`);
    }
    for (const id of open) {
      const answer = this.#documents.get(id);
      if (answer !== undefined && !this.#documents.open.includes(answer)) {
        await this.#documents.show(answer, false);
      }
    }
    this.#subscription = vscode.window.tabGroups.onDidChangeTabs(() => {
      const names = this.#documents.open.map((answer) => answer.id);
      void this.#write(async () => {
        await vscode.workspace.fs.createDirectory(this.#folder);
        await vscode.workspace.fs.writeFile(this.#open, Buffer.from(JSON.stringify(names)));
      });
    });
  }

  /** Keeps an answer as it is now. */
  save(answer: Answer): Promise<void> {
    return this.#write(async () => {
      await vscode.workspace.fs.createDirectory(this.#folder);
      await vscode.workspace.fs.writeFile(this.#file(answer.id), Buffer.from(freeze(answer)));
    });
  }

  /** Lists what is kept, the latest first: choosing one shows it, its button forgets it. */
  async choose(): Promise<void> {
    const ended = this.#documents.all.filter((answer) => answer.ended).reverse();
    if (ended.length === 0) {
      await vscode.window.showInformationMessage("There are no earlier answers about this workspace. Ask a question first.");
      return;
    }
    const forget = { iconPath: new vscode.ThemeIcon("trash"), tooltip: "Forget" };
    const toItem = (answer: Answer) => ({
      label: shorten(answer.question.text, 80),
      description: `${answer.question.about}, ${ago((Date.now() - answer.began) / 1_000)}`,
      buttons: [forget],
      answer,
    });
    const box = vscode.window.createQuickPick<ReturnType<typeof toItem>>();
    box.title = "Earlier answers";
    box.items = ended.map(toItem);
    box.onDidTriggerItemButton(({ item }) => {
      this.#documents.remove(item.answer);
      void this.#remove(item.answer);
      box.items = box.items.filter((it) => it !== item);
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
    this.#subscription?.dispose();
  }

  async #load(): Promise<void> {
    const names = await vscode.workspace.fs.readDirectory(this.#folder).then((all) => all, () => []);
    const texts = await Promise.all(
      names.map(async ([name]) => {
        const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.#folder, name));
        return Buffer.from(bytes).toString("utf8");
      }),
    );
    // An answer is thawed after the one that it follows, so that it can be told which that is.
    const sorted = texts
      .map((text) => ({ text, began: thaw(text, () => undefined)?.began ?? 0 }))
      .sort((a, b) => a.began - b.began);
    const thawed = new Map<string, Answer>();
    for (const { text } of sorted) {
      const answer = thaw(text, (id) => thawed.get(id));
      if (answer !== undefined) {
        thawed.set(answer.id, answer);
      }
    }
    const all = [...thawed.values()];
    all.slice(-KEPT).forEach((answer) => { this.#documents.add(answer); });
    await Promise.all(all.slice(0, -KEPT).map((answer) => this.#remove(answer)));
  }

  #remove(answer: Answer): Promise<void> {
    return this.#write(() => vscode.workspace.fs.delete(this.#file(answer.id)));
  }

  /** Nothing that goes wrong here may take an answer from the person that has it on the screen. */
  #write(act: () => Thenable<void>): Promise<void> {
    this.#writing = this.#writing.then(act).then(undefined, (error: unknown) => {
      this.#log.warn(`An answer could not be kept: ${String(error)}`);
    });
    return this.#writing;
  }

  #file(id: string): vscode.Uri {
    return vscode.Uri.joinPath(this.#folder, `${id}.json`);
  }
}

/** The names that a file has, or none. */
async function readNames(file: vscode.Uri): Promise<unknown[]> {
  try {
    const names: unknown = JSON.parse(Buffer.from(await vscode.workspace.fs.readFile(file)).toString("utf8"));
    return Array.isArray(names) ? (names as unknown[]) : [];
  } catch {
    return [];
  }
}
