/**
 * The server as the rest of the extension sees it: there when it is needed, started again once if it dies.
 */

import * as vscode from "vscode";
import { State } from "vscode-languageclient";

import { Client } from "./client";
import {
  decodeCycle,
  decodeDogfood,
  decodeEvent,
  decodePreview,
  decodeSessions,
  decodeStatus,
  decodeStopped,
  decodeTranscript,
} from "./decode";
import type { ApiKeys } from "./keys";
import { findProgram, ProgramNotFound } from "./program";
import type { Cycle, DogfoodAction, KeptRun, KeptSession, QueryParams, ReviewParams, RunEvent, Scope, Status } from "./model";
import { serverPath } from "./settings";

/** A server that dies again within this time, in milliseconds, is not started a second time. */
const RELAPSE = 5 * 60_000;

/** The server could not be started. */
export class StartFailed extends Error {
  constructor(
    message: string,
    readonly hint: string,
    /** True if there is no such program, as opposed to one that does not work. */
    readonly missing: boolean,
  ) {
    super(message);
  }
}

export class Server implements vscode.Disposable {
  /** What `rlm.query` does when it is run as a command of the editor. */
  onQueryCommand: (argument: unknown) => unknown = () => undefined;

  readonly #log: vscode.LogOutputChannel;
  readonly #keys: ApiKeys;
  readonly #events = new vscode.EventEmitter<RunEvent>();
  readonly #died = new vscode.EventEmitter<{ restarted: boolean }>();
  #starting: Promise<Client> | undefined;
  #diedAt = -Infinity;

  /** What runs tell about themselves. */
  readonly onEvent = this.#events.event;
  /** The server has died. It is started again at once, but not twice in a short time: then only when it is needed. */
  readonly onDied = this.#died.event;

  constructor(log: vscode.LogOutputChannel, keys: ApiKeys) {
    this.#log = log;
    this.#keys = keys;
  }

  /** Starts the server unless it runs; fails with `StartFailed`. Callers at the same time share one start. */
  async ready(): Promise<void> {
    await this.#client();
  }

  /** Sends `rlm/query`; cancelling the token sends `$/cancelRequest`. Fails with the library's `ResponseError`. */
  async query(params: QueryParams, token: vscode.CancellationToken): Promise<unknown> {
    return (await this.#client()).sendRequest("rlm/query", params, token);
  }

  /** What a run did, in words, and whether it has come to its end. */
  async transcript(queryId: string): Promise<{ text: string; isWhole: boolean }> {
    return decodeTranscript(await (await this.#client()).sendRequest<unknown>("rlm/transcript", { queryId }));
  }

  /** Sends `rlm/review`, in the same way. */
  async review(params: ReviewParams, token: vscode.CancellationToken): Promise<unknown> {
    return (await this.#client()).sendRequest("rlm/review", params, token);
  }

  /** What a query would read, send and cost, in words. */
  async preview(query: string, scope: Scope): Promise<string> {
    const reply = await (await this.#client()).sendRequest<unknown>("rlm/preview", { query, scope });
    return decodePreview(reply);
  }

  /** Where work on a folder pays, or what became of its cycles, as Markdown. */
  async dogfood(action: DogfoodAction, folder: string): Promise<string> {
    const reply = await (await this.#client()).sendRequest<unknown>("rlm/dogfood", { action, folder });
    return decodeDogfood(reply);
  }

  /** Has patches for a folder proposed and tried; cancelling the token ends it. */
  async cycle(folder: string, token: vscode.CancellationToken): Promise<Cycle> {
    return decodeCycle(await (await this.#client()).sendRequest<unknown>("rlm/dogfood", { action: "cycle", folder }, token));
  }

  /** Commits what the person takes of a cycle; says where. */
  async approve(folder: string, cycle: number, approve: number[]): Promise<string> {
    const params = { action: "approve", folder, cycle, approve };
    return decodeDogfood(await (await this.#client()).sendRequest<unknown>("rlm/dogfood", params));
  }

  /** Says that nothing further is asked in a session for now. A server that does not run has none. */
  async leaveSession(sessionId: string): Promise<void> {
    try {
      await (await this.#starting)?.sendRequest("rlm/endSession", { sessionId, keep: true });
    } catch (error) {
      this.#log.warn(`A session could not be put away: ${String(error)}`);
    }
  }

  /** The conversations about this workspace that can be gone on with, the latest first. */
  async sessions(): Promise<KeptSession[]> {
    return decodeSessions(await (await this.#client()).sendRequest<unknown>("rlm/sessions"));
  }

  /** The runs about this workspace that were stopped and can go on, the latest first. */
  async stopped(): Promise<KeptRun[]> {
    return decodeStopped(await (await this.#client()).sendRequest<unknown>("rlm/runs"));
  }

  async status(): Promise<Status | undefined> {
    return decodeStatus(await (await this.#client()).sendRequest<unknown>("rlm/status"));
  }

  /** Tells a running server of changed settings; one that starts later reads them then. */
  async sendOptions(): Promise<void> {
    await (await this.#starting)?.sendOptions();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.ready();
  }

  /** Ends the server; runs in flight end with it. */
  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = undefined;
    this.#diedAt = -Infinity;
    try {
      await (await starting)?.stop();
    } catch (error) {
      this.#log.warn(`The server did not end in an orderly way: ${String(error)}`);
    }
  }

  dispose(): void {
    this.#events.dispose();
    this.#died.dispose();
  }

  #client(): Promise<Client> {
    if (this.#starting === undefined) {
      const starting = this.#start();
      this.#starting = starting;
      starting.catch(() => {
        if (this.#starting === starting) {
          this.#starting = undefined;
        }
      });
    }
    return this.#starting;
  }

  async #start(): Promise<Client> {
    try {
      const program = await findProgram(serverPath());
      this.#log.info(`Starting ${program} lsp`);
      const client = new Client({
        program,
        environment: await this.#keys.environment(),
        log: this.#log,
        onQueryCommand: (argument) => this.onQueryCommand(argument),
      });
      client.onNotification("rlm/event", (params: unknown) => {
        const event = decodeEvent(params);
        if (event !== undefined) {
          this.#events.fire(event);
        }
      });
      await client.start();
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Stopped) {
          this.#ended(client);
        }
      });
      return client;
    } catch (error) {
      this.#log.error(String(error));
      throw error instanceof ProgramNotFound
        ? new StartFailed(error.message, error.hint, true)
        : new StartFailed(
            `The RLM server could not be started: ${error instanceof Error ? error.message : String(error)}`,
            "Check `rlm.serverPath`; the log has what the program printed.",
            false,
          );
    }
  }

  /** A client has stopped: if nobody asked for that, its process has died. */
  #ended(client: Client): void {
    const current = this.#starting;
    void current?.then((running) => {
      if (running !== client || this.#starting !== current) {
        return;
      }
      this.#starting = undefined;
      const relapse = performance.now() - this.#diedAt < RELAPSE;
      this.#diedAt = performance.now();
      const restart = relapse ? Promise.resolve(false) : this.#client().then(() => true, () => false);
      return restart.then((restarted) => { this.#died.fire({ restarted }); });
    });
  }
}
