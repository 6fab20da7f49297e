// One trial in VS Code: the editor with the extension as it ships and the server as it is built, a repository in its window,
// and steps, each of which leaves a line and a picture.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CodeServer } from "./code_server.mjs";
import { makeRepository } from "./repository.mjs";
import { PATIENCE, Workbench } from "./workbench.mjs";

export class Trial {
  #cache;
  #vsix;
  #browserProgram;
  #screenshots;
  #name;
  #browser;
  #failed = false;
  #pictures = 0;
  base;
  workbench;

  /** The arguments are those of the programs that use this. The name is that of the pictures; settings are the user's own. */
  constructor([cache, vsix, program, browserProgram, screenshots], name, userSettings = {}) {
    this.#cache = cache;
    this.#vsix = vsix;
    this.#browserProgram = browserProgram;
    this.#screenshots = screenshots;
    this.#name = name;
    this.scratch = mkdtempSync(join(tmpdir(), "rlm-vscode-"));
    this.repository = join(this.scratch, "courier");
    // A path of the test's own makes this run's server recognisable among all processes.
    this.serverPath = join(this.scratch, "rlm");
    symlinkSync(program, this.serverPath);
    makeRepository(this.repository);
    mkdirSync(screenshots, { recursive: true });
    const old = new RegExp(`^${name}-\\d+-.*\\.png$`, "u");
    readdirSync(screenshots).filter((it) => old.test(it)).forEach((it) => rmSync(join(screenshots, it)));
    this.codeServer = new CodeServer(cache, join(this.scratch, "profile"), userSettings);
    // However this program ends, the editor ends with it.
    process.on("exit", () => this.codeServer.stop());
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.once(signal, () => process.exit(1));
    }
  }

  /** Installs the extension, and opens a window on the repository. */
  async start() {
    this.codeServer.install(this.#vsix);
    this.base = await this.codeServer.start();
    const { chromium } = createRequire(join(this.#cache, "playwright/package.json"))("playwright-core");
    this.#browser = await chromium.launch({
      executablePath: this.#browserProgram,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    });
    this.workbench = new Workbench(await this.#browser.newPage({ viewport: { width: 1280, height: 800 } }));
    await this.workbench.open(this.base, this.repository, "src/deliver.py");
  }

  /** One line a step; after a failure the steps that build on it are not tried. */
  async step(name, act) {
    if (this.#failed) {
      return;
    }
    const started = performance.now();
    try {
      await act();
      console.log(`ok    ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      this.#failed = true;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
    await this.picture(name);
  }

  /** Leaves a picture of the window, numbered in the order of the run. */
  async picture(name) {
    this.#pictures += 1;
    const file = `${this.#name}-${this.#pictures}-${name.replaceAll(/\W+/gu, "-")}.png`;
    await this.workbench?.screenshot(join(this.#screenshots, file));
  }

  /** The process of this trial's server, if it runs. */
  servers() {
    return processes(this.serverPath, "lsp");
  }

  /** Ends everything; the status of this program tells whether all steps were well. */
  async end() {
    await this.#browser?.close();
    this.codeServer.stop();
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5 });
    process.exitCode = this.#failed ? 1 : 0;
  }
}

/** Ids of the processes whose command line has these words one after the other. */
export function processes(...words) {
  return readdirSync("/proc").filter((id) => /^\d+$/u.test(id) && ofProcess(id, "cmdline").includes(words.join("\0")));
}

/** What the system tells of a process, which may have ended in the meantime. */
export function ofProcess(id, file) {
  try {
    return readFileSync(`/proc/${id}/${file}`, "utf8");
  } catch {
    return "";
  }
}

export async function eventually(what, holds) {
  const deadline = performance.now() + PATIENCE;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `within ${PATIENCE / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
