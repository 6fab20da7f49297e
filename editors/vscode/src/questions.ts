/**
 * Asking for a question: one line to type it in, with the last ones below it to choose from.
 */

import * as vscode from "vscode";

const HISTORY = "rlm.questions";

/** How many questions are remembered, for each workspace. */
const REMEMBERED = 30;

export class Questions {
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** The question that was typed or chosen, or undefined if the user thought better of it. */
  async prompt(title: string): Promise<string | undefined> {
    const question = (await this.#pick(title))?.trim();
    if (question === undefined || question === "") {
      return undefined;
    }
    await this.#memory.update(HISTORY, [question, ...this.#past.filter((it) => it !== question)].slice(0, REMEMBERED));
    return question;
  }

  get #past(): string[] {
    return this.#memory.get<string[]>(HISTORY, []);
  }

  #pick(title: string): Promise<string | undefined> {
    const past = this.#past;
    const box = vscode.window.createQuickPick();
    box.title = title;
    box.placeholder = past.length === 0 ? "Type a question" : "Type a question, or choose an earlier one";
    box.ignoreFocusOut = true;
    const offer = () => {
      box.items = choices(box.value, past);
      box.activeItems = box.items.slice(0, 1);
    };
    offer();
    return new Promise((resolve) => {
      box.onDidChangeValue(offer);
      box.onDidAccept(() => {
        resolve(box.activeItems[0]?.label ?? box.value);
        box.hide();
      });
      box.onDidHide(() => {
        resolve(undefined);
        box.dispose();
      });
      box.show();
    });
  }
}

/** What was typed comes first, so that Enter asks just that; earlier questions follow. */
export function choices(typed: string, past: readonly string[]): vscode.QuickPickItem[] {
  const earlier = past
    .filter((question) => question !== typed.trim())
    .map((label) => ({ label, iconPath: new vscode.ThemeIcon("history") }));
  const asked = { label: typed.trim(), description: "ask", iconPath: new vscode.ThemeIcon("search"), alwaysShow: true };
  return typed.trim() === "" ? earlier : [asked, ...earlier];
}
