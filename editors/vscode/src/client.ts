/**
 * The connection to one server process: how the language client is set up for `rlm lsp`.
 *
 * Everything the standard has (document sync, code actions, configuration) is the library's work. What is told to the
 * user is ours: the library's own notices speak of requests and connections and come one on top of the other.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";

import type * as vscode from "vscode";
import {
  type ClientCapabilities,
  CloseAction,
  type ConfigurationParams,
  DidChangeConfigurationNotification,
  ErrorAction,
  type FeatureState,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient";
import { LanguageClient } from "vscode-languageclient/node";

import { currentOptions, SECTION } from "./settings";

export interface Launch {
  /** Absolute path of the program. */
  program: string;
  environment: NodeJS.ProcessEnv;
  log: vscode.LogOutputChannel;
  /** Takes the place of the server's own command `rlm.query`, whose answer would come without this client's document. */
  onQueryCommand: (argument: unknown) => unknown;
}

/** How long a program may take to answer `initialize`, in milliseconds, before it counts as no language server. */
const PATIENCE = 20_000;

/** How long a process may go on after `exit`, in milliseconds, before it is killed. */
const FAREWELL = 2_000;

export class Client extends LanguageClient {
  #child: ChildProcess | undefined;

  constructor(launch: Launch) {
    super(SECTION, "RLM", () => this.#spawn(launch), {
      ...clientOptions(launch),
      middleware: {
        executeCommand: (command, args: unknown[], next) =>
          command === "rlm.query" ? launch.onQueryCommand(args[0]) : (next(command, args) as unknown),
        workspace: {
          // The server is sent its options and nothing else of the section, in the same form by every way.
          configuration: ({ items }: ConfigurationParams) =>
            items.map((item) => (item.section === SECTION ? currentOptions() : null)),
          // Changes are sent by `sendOptions`, whether or not the server registers for them.
          didChangeConfiguration: () => Promise.resolve(),
        },
      },
    });
    this.registerFeature(new Announcement());
  }

  /** Starts the process and waits until it has introduced itself. After a failure nothing is left running. */
  override async start(): Promise<void> {
    const waiting = new AbortController();
    const late = after(PATIENCE, undefined, { signal: waiting.signal }).then(() => {
      throw new Error(`it did not answer within ${PATIENCE / 1_000} s`);
    });
    try {
      await Promise.race([super.start(), late]);
    } catch (error) {
      this.#child?.kill();
      throw error;
    } finally {
      late.catch(() => undefined);
      waiting.abort();
    }
  }

  /** Ends the process, by the protocol if it listens and by a signal if it does not. */
  override async stop(): Promise<void> {
    const child = this.#child;
    try {
      await super.stop(FAREWELL);
    } finally {
      if (child?.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit").then(() => true);
        if (!(await Promise.race([exited, after(FAREWELL, false, { ref: false })]))) {
          child.kill("SIGKILL");
        }
      }
    }
  }

  /** Tells the server of changed settings. */
  sendOptions(): Promise<void> {
    const settings = { [SECTION]: currentOptions() };
    return this.sendNotification(DidChangeConfigurationNotification.type, { settings });
  }

  /** The library's notices go to the log only. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  async #spawn({ program, environment, log }: Launch): Promise<ChildProcess> {
    const child = spawn(program, ["lsp"], { env: environment });
    await once(child, "spawn");
    this.#child = child;
    // What a dying process does to its streams is told by the closed connection already.
    child.on("error", (error) => { log.error(String(error)); });
    child.on("exit", (code, signal) => { log.info(`The server has ended (${signal ?? `exit status ${code}`}).`); });
    return child;
  }
}

const clientOptions = ({ log }: Launch): LanguageClientOptions => ({
  documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
  outputChannel: log,
  revealOutputChannelOn: RevealOutputChannelOn.Never,
  initializationOptions: currentOptions,
  initializationFailedHandler: () => false,
  // Whether a server that died is started again is decided in `server.ts`, the one place that starts servers.
  errorHandler: {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
  },
});

/** Tells the server what this client can do beyond the standard. */
class Announcement implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
    const rlm = { events: true, askSelection: true, dismissFinding: true, changeSelection: true };
    capabilities.experimental = { ...experimental, rlm };
  }

  initialize(): void {
    // The capability is all there is to it.
  }

  getState(): FeatureState {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing was set up.
  }
}
