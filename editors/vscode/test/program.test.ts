import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";

import { findProgram, ProgramNotFound } from "../src/program";

let home = "";
const surroundings = (path = "") => ({ path, home, windows: false });

before(async () => {
  home = await mkdtemp(join(tmpdir(), "rlm-program-"));
  for (const folder of ["first", "second"]) {
    await mkdir(join(home, folder));
    await writeFile(join(home, folder, "rlm"), "");
  }
  await chmod(join(home, "second/rlm"), 0o755);
  await mkdir(join(home, "second/folder"));
});

after(() => rm(home, { recursive: true }));

test("a name is looked up on the PATH, where only programs count", async () => {
  const path = [join(home, "none"), join(home, "first"), join(home, "second")].join(delimiter);
  assert.equal(await findProgram("rlm", surroundings(path)), join(home, "second/rlm"));
});

test("an absolute path and one under the home folder are taken as they are", async () => {
  const program = join(home, "second/rlm");
  assert.equal(await findProgram(program, surroundings()), program);
  assert.equal(await findProgram("~/second/rlm", surroundings()), program);
});

const missing: [path: string, message: RegExp][] = [
  ["rlm", /no program rlm on the PATH/u],
  ["/nowhere/rlm", /no program at \/nowhere\/rlm/u],
  ["~/first/rlm", /no program at .*first\/rlm/u],
  ["~/second/folder", /no program at .*folder/u],
  ["./rlm", /must be absolute or just a name, not \.\/rlm/u],
  ["target/debug/rlm", /must be absolute/u],
];
for (const [path, message] of missing) {
  test(`${path} is refused with a reason and a hint`, async () => {
    await assert.rejects(findProgram(path, surroundings(join(home, "first"))), (error) => {
      assert.ok(error instanceof ProgramNotFound);
      assert.match(error.message, message);
      assert.match(error.hint, /cargo install/u);
      return true;
    });
  });
}

test("a relative folder on the PATH is not searched", async () => {
  await assert.rejects(findProgram("rlm", surroundings(".")), ProgramNotFound);
});
