/**
 * The API key: kept in the editor's secret storage and given to the server in its environment, nowhere else.
 */

import * as vscode from "vscode";

const SECRET = "rlm.apiKey";

/** The variable in which the server looks for the key. */
export const KEY_VARIABLE = "RLM_API_KEY";

export class ApiKey {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  /** The environment of the server: this process's own, with the key if there is one. */
  async environment(): Promise<NodeJS.ProcessEnv> {
    const key = await this.#secrets.get(SECRET);
    return key === undefined ? process.env : { ...process.env, [KEY_VARIABLE]: key };
  }

  /** Asks for a key and stores it; an empty one removes what is stored. */
  async prompt(): Promise<void> {
    const key = await vscode.window.showInputBox({
      title: "RLM: API key of the model server",
      prompt: `Stored in this editor's secret storage and passed to the server as ${KEY_VARIABLE}. Empty removes it.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (key === undefined) {
      return;
    }
    if (key.trim() === "") {
      await this.#secrets.delete(SECRET);
    } else {
      await this.#secrets.store(SECRET, key.trim());
    }
  }

  onDidChange(listener: () => void): vscode.Disposable {
    return this.#secrets.onDidChange((event) => {
      if (event.key === SECRET) {
        listener();
      }
    });
  }
}
