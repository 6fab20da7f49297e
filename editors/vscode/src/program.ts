/**
 * Finds the server program before it is started, so that its absence gives a sentence and not an error number.
 */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/** What finding depends on; a parameter so that tests need not change the process. */
export interface Surroundings {
  path: string;
  home: string;
  windows: boolean;
}

/** There is no such program. `hint` says how to get it. */
export class ProgramNotFound extends Error {
  readonly hint =
    "Set `rlm.serverPath` to the program, or install it: `cargo install --locked --path .` in a clone of its repository.";
}

const here = (): Surroundings => ({
  path: process.env["PATH"] ?? "",
  home: homedir(),
  windows: process.platform === "win32",
});

/**
 * The absolute path of a program given by name, by absolute path or by a path under `~`. A relative path is refused,
 * since the workspace would then decide which program runs.
 */
export async function findProgram(name: string, { path, home, windows }: Surroundings = here()): Promise<string> {
  const expanded = /^~[/\\]/u.test(name) ? join(home, name.slice(2)) : name;
  const suffixes = windows && !/\.exe$/iu.test(expanded) ? ["", ".exe"] : [""];
  if (isAbsolute(expanded)) {
    for (const suffix of suffixes) {
      if (await isProgram(expanded + suffix)) {
        return expanded + suffix;
      }
    }
    throw new ProgramNotFound(`The RLM server was not found: there is no program at ${expanded}.`);
  }
  if (/[/\\]/u.test(expanded)) {
    throw new ProgramNotFound(`The path of the RLM server must be absolute or just a name, not ${expanded}.`);
  }
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const suffix of suffixes) {
      const candidate = join(folder, expanded + suffix);
      if (await isProgram(candidate)) {
        return candidate;
      }
    }
  }
  throw new ProgramNotFound(`The RLM server was not found: there is no program ${expanded} on the PATH.`);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
