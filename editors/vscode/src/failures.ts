/**
 * What a person is told when something fails: what happened, what to do, and buttons that do it.
 */

import * as vscode from "vscode";

import type { Failure } from "./answers";
import { KEY_VARIABLE } from "./key";
import { sentence } from "./progress";
import { openSettings } from "./settings";

const SETTINGS = "Open Settings";
const KEY = "Set API Key";
const LOG = "Show Log";
const RESTART = "Restart Server";

export class Failures {
  readonly #log: vscode.OutputChannel;

  constructor(log: vscode.OutputChannel) {
    this.#log = log;
  }

  /** A run or a start that failed. `setting` is what the button opens. */
  async show(failure: Failure, setting = ""): Promise<void> {
    const hint = failure.hint ?? "";
    const buttons = hint.includes(KEY_VARIABLE) ? [KEY, SETTINGS, LOG] : [SETTINGS, LOG];
    await this.#offer(`${sentence(failure.message)} ${sentence(hint)}`, buttons, setting);
  }

  /** The server has died, and been started again or not. */
  async showCrash({ restarted }: { restarted: boolean }): Promise<void> {
    if (restarted) {
      await this.#offer("The RLM server ended unexpectedly and has been started again.", [LOG], "");
    } else {
      await this.#offer("The RLM server ended unexpectedly twice in a row.", [RESTART, LOG], "");
    }
  }

  async #offer(message: string, buttons: string[], setting: string): Promise<void> {
    const plain = message.trim().replace(/`([^`]*)`/gu, "“$1”");
    const chosen = await vscode.window.showErrorMessage(plain, ...buttons);
    switch (chosen) {
      case SETTINGS:
        await openSettings(setting);
        break;
      case KEY:
        await vscode.commands.executeCommand("rlm.setApiKey");
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
