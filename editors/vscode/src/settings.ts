/**
 * The section `rlm` of the settings, as the options that the server is sent.
 */

import * as vscode from "vscode";

import { type Options, SETTINGS } from "./protocol";

export const SECTION = "rlm";

/**
 * The options that the user has set. An empty text, list or object and null are how the settings editor says "not set":
 * they are left out, so that the server falls back to the environment and to its own defaults.
 */
export function currentOptions(): Options {
  const settings = vscode.workspace.getConfiguration(SECTION);
  const chosen = SETTINGS.map((name) => [name, settings.get(name)] as const).filter(([, value]) => isSet(value));
  return Object.fromEntries(chosen);
}

/** Name or absolute path of the server program. */
export function serverPath(): string {
  return vscode.workspace.getConfiguration(SECTION).get<string>("serverPath", "").trim() || "rlm";
}

/** True if the user has said where the server is, so that its absence is an error and not just a missing tool. */
export function serverPathIsSet(): boolean {
  return serverPath() !== "rlm";
}

/** Opens a setting where it can be set: what is of the machine, in a remote window, only among the settings of that machine. */
export async function openSettings(name: string): Promise<void> {
  const query = `${SECTION}.${name}`;
  if (vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand("workbench.action.openSettings", query);
  } else {
    await vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query });
  }
}

const isSet = (value: unknown) =>
  value !== undefined && value !== null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);
