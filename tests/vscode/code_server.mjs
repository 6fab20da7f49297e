// VS Code itself, served over HTTP, with a profile of its own in which only our extension is installed.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** What keeps the editor quiet: no network, no first steps, no suggestions that would lie over what is tested. */
const USER_SETTINGS = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
};

/** The example of the extension's README, and keys for what the palette has not. */
const KEY_BINDINGS = [
  { key: "ctrl+alt+n", command: "workbench.action.files.newUntitledFile" },
  { key: "ctrl+alt+w", command: "workbench.action.openWalkthrough", args: "rlm.rlm#start" },
  { key: "ctrl+alt+e", command: "rlm.query", args: { query: "What are the entry points of this program?" } },
];

export class CodeServer {
  #entry;
  #profile;
  #process;

  /** `cache` is where `setup` installed; `profile` a folder that does not exist yet; `settings` are further ones of the user. */
  constructor(cache, profile, settings = {}) {
    this.#entry = join(cache, "code_server/node_modules/code-server/out/node/entry.js");
    this.#profile = profile;
    for (const folder of ["home", "User", "Machine"]) {
      mkdirSync(join(profile, folder), { recursive: true });
    }
    writeFileSync(join(profile, "config.yaml"), "auth: none\n");
    writeFileSync(join(profile, "User/settings.json"), JSON.stringify({ ...USER_SETTINGS, ...settings }));
    writeFileSync(join(profile, "User/keybindings.json"), JSON.stringify(KEY_BINDINGS));
  }

  /**
   * Replaces the settings of the scope "machine", the only place where the extension reads what starts programs or
   * spends money. A running editor notices.
   */
  configure(settings) {
    writeFileSync(join(this.#profile, "Machine/settings.json"), JSON.stringify(settings));
  }

  install(vsix) {
    execFileSync(process.execPath, [this.#entry, ...this.#flags(), "--install-extension", vsix], {
      env: this.#environment(),
      stdio: "pipe",
    });
  }

  /** Starts serving and returns the base URL. */
  async start() {
    const port = await freePort();
    const log = openSync(join(this.#profile, "code-server.log"), "w");
    const flags = ["--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
    this.#process = spawn(process.execPath, [this.#entry, ...this.#flags(), ...flags], {
      env: this.#environment(),
      stdio: ["ignore", log, log],
      // A process group of its own, so that it can be ended with all it has started and nothing else.
      detached: true,
    });
    const base = `http://127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const up = await fetch(`${base}/healthz`).then((reply) => reply.ok, () => false);
      if (up) {
        return base;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`code-server did not start; its log is ${this.#profile}/code-server.log`);
  }

  /** What a file of the installed extension has. */
  installed(name) {
    const extensions = join(this.#profile, "extensions");
    const folder = readdirSync(extensions).find((it) => it.startsWith("rlm."));
    return readFileSync(join(extensions, folder, name), "utf8");
  }

  /** What the extension's log has. */
  log() {
    const files = readdirSync(join(this.#profile, "logs"), { recursive: true }).filter((name) => /(?:^|\W)RLM\.log$/u.test(name));
    return files.map((name) => readFileSync(join(this.#profile, "logs", name), "utf8")).join("");
  }

  /** The params of all requests of a method that the extension's log has, with `rlm.trace.server` set to `verbose`. */
  requests(method) {
    const sent = /Sending request '(\S+) - \(\d+\)'\.\n[^\n{]*Params: (\{$.*?^\})/gmsu;
    return [...this.log().matchAll(sent)].filter(([, it]) => it === method).map(([, , params]) => JSON.parse(params));
  }

  /** Ends the server and all that it has started. */
  stop() {
    if (this.#process !== undefined) {
      process.kill(-this.#process.pid, "SIGKILL");
      this.#process = undefined;
    }
  }

  #flags() {
    return [
      ...["--user-data-dir", this.#profile],
      ...["--extensions-dir", join(this.#profile, "extensions")],
      ...["--config", join(this.#profile, "config.yaml")],
    ];
  }

  /** This process's environment without what would give the server a model or a setting. */
  #environment() {
    const kept = Object.entries(process.env).filter(([name]) => !/^(RLM_|OLLAMA_)|_API_KEY$/u.test(name));
    const home = join(this.#profile, "home");
    return { ...Object.fromEntries(kept), HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
