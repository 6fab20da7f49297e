/**
 * What a person is told when something fails: what happened, what to do, and buttons that do it.
 */

import * as vscode from "vscode";

import type { Failure } from "./answers";
import { KEY_VARIABLE } from "./key";
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
    await this.#offer(hint === "" ? failure.message : `${failure.message} ${hint}`, buttons, setting);
  }

  /** The server has died for good. */
  async showCrash(): Promise<void> {
    await this.#offer("The RLM server has ended unexpectedly twice in a row.", [RESTART, LOG], "");
  }

  async #offer(message: string, buttons: string[], setting: string): Promise<void> {
    const chosen = await vscode.window.showErrorMessage(sentence(message), ...buttons);
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

/** Errors of the server begin in lower case and end without a full stop; a notification stands on its own. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("`", "");
