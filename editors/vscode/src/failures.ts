/**
 * What a person is told when something fails: what happened, what to do, and buttons that do it.
 */

import * as vscode from "vscode";

import type { Failure } from "./answers";
import { variableIn } from "./keys";
import { sentence } from "./progress";
import { openSettings } from "./settings";
import { settingIn } from "./words";

const SETTINGS = "Open Settings";
const KEY = "Set API Key";
const LOG = "Show Log";
const RESTART = "Restart Server";

export class Failures {
  readonly #log: vscode.LogOutputChannel;

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
  }

  /** A run or a start that failed. `setting` is what the button opens; without it, the one that is spoken of. */
  async show(failure: Failure, setting?: string): Promise<void> {
    const message = `${sentence(failure.message)} ${sentence(failure.hint ?? "")}`.trim();
    this.#log.error(message);
    const variable = variableIn(message);
    const buttons = variable === undefined ? [SETTINGS, LOG] : [KEY, SETTINGS, LOG];
    await this.#offer(message, buttons, setting ?? settingIn(message), variable);
  }

  /** The server has died, and been started again or not. */
  async showCrash({ restarted }: { restarted: boolean }): Promise<void> {
    if (restarted) {
      await this.#offer("The RLM server ended unexpectedly and has been started again.", [LOG]);
    } else {
      await this.#offer("The RLM server ended unexpectedly twice in a row.", [RESTART, LOG]);
    }
  }

  async #offer(message: string, buttons: string[], setting = "", variable?: string): Promise<void> {
    const plain = message.replace(/`([^`]*)`/gu, "“$1”");
    const chosen = await vscode.window.showErrorMessage(plain, ...buttons);
    switch (chosen) {
      case SETTINGS:
        await openSettings(setting);
        break;
      case KEY:
        await vscode.commands.executeCommand("rlm.setApiKey", variable);
        break;
      case RESTART:
        await vscode.commands.executeCommand("rlm.restartServer");
        break;
      case LOG:
        this.#log.show();
        break;
    }
  }
}
