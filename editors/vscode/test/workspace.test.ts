import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

import { locate } from "../src/citations";
import { choices } from "../src/questions";
import { describeScope, workspaceScope } from "../src/scopes";
import { currentOptions, serverPath, serverPathIsSet } from "../src/settings";
import { newAnswer, result } from "./samples";
import { configure, openFolders, Uri, workspace } from "./vscode";

beforeEach(() => {
  configure({});
  openFolders("/work/demo");
});

const mention = (path: string, startLine = 1, endLine = startLine) => ({ start: 0, end: 0, path, startLine, endLine });

test("settings that are not set are not sent", () => {
  configure({ model: "", endpoint: [], price: {}, maxCalls: null, maxDepth: 0, include: ["src/**"], serverPath: "/opt/rlm" });
  assert.deepEqual(currentOptions(), { maxDepth: 0, include: ["src/**"] });
  configure({ price: { m: [1, 2.5] } });
  assert.deepEqual(currentOptions(), { price: { m: [1, 2.5] } });
});

test("every setting of the manifest is sent, and none of them is taken from a workspace that is not trusted", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { configuration: { properties: Record<string, unknown> } };
    capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  };
  const settings = Object.keys(manifest.contributes.configuration.properties).filter((it) => it !== "rlm.trace.server");
  const options = settings.map((it) => it.replace("rlm.", "")).filter((it) => it !== "serverPath");
  const values = Object.fromEntries(options.map((it) => [it, 1]));
  configure(values);
  assert.deepEqual(currentOptions(), values);
  assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.toSorted(), settings.toSorted());
});

test("the server is rlm unless the user says otherwise", () => {
  assert.deepEqual([serverPath(), serverPathIsSet()], ["rlm", false]);
  configure({ serverPath: " " });
  assert.deepEqual([serverPath(), serverPathIsSet()], ["rlm", false]);
  configure({ serverPath: "/opt/rlm" });
  assert.deepEqual([serverPath(), serverPathIsSet()], ["/opt/rlm", true]);
});

test("a citation that was found leads where the server says", () => {
  const answer = newAnswer();
  answer.finish(result({ citations: [{ path: "a.rs", startLine: 1, endLine: 9, state: "quoted" as const, uri: "file:///far/a.rs" }] }));
  assert.equal(locate(mention("a.rs", 3), answer)?.toString(), "file:///far/a.rs");
});

const places: [path: string, target: string | undefined][] = [
  ["src/a.rs", "file:///work/demo/src/a.rs"],
  [String.raw`src\a.rs`, "file:///work/demo/src/a.rs"],
  ["/work/demo/src/a.rs", "file:///work/demo/src/a.rs"],
  ["src/../b.rs", "file:///work/demo/b.rs"],
  ["../secret.txt", undefined],
  ["/etc/passwd", undefined],
  ["/work/demonstration/a.rs", undefined],
];
for (const [path, target] of places) {
  test(`${path} of a model leads to ${target ?? "nothing"}`, () => {
    assert.equal(locate(mention(path), newAnswer())?.toString(), target);
  });
}

test("a citation of a file that is not saved leads to it while it is open", () => {
  const uri = Uri.parse("untitled:Untitled-1");
  workspace.textDocuments.push({ isUntitled: true, uri });
  assert.equal(locate(mention("Untitled-1"), newAnswer()), uri);
  workspace.textDocuments.pop();
  assert.equal(locate(mention("Untitled-1"), newAnswer())?.toString(), "file:///work/demo/Untitled-1");
});

test("with several folders the first part of a path names the folder", () => {
  openFolders("/work/core", "/work/web");
  assert.equal(locate(mention("web/src/a.ts"), newAnswer())?.toString(), "file:///work/web/src/a.ts");
  assert.equal(locate(mention("src/a.ts"), newAnswer())?.toString(), "file:///work/core/src/a.ts");
});

test("without a folder there is no workspace to ask about", () => {
  assert.deepEqual(workspaceScope(), { kind: "workspace" });
  openFolders();
  assert.equal(workspaceScope(), undefined);
});

test("a scope is named as a person would", () => {
  const uri = "file:///work/demo/src/a.rs";
  const selection = (line: number, character: number) => ({
    kind: "selection" as const,
    uri,
    range: { start: { line: 2, character: 4 }, end: { line, character } },
  });
  assert.equal(describeScope({ kind: "workspace" }), "the workspace demo");
  assert.equal(describeScope({ kind: "file", uri }), "src/a.rs");
  assert.equal(describeScope(selection(2, 9)), "src/a.rs:3");
  assert.equal(describeScope(selection(5, 1)), "src/a.rs:3-6");
  assert.equal(describeScope(selection(5, 0)), "src/a.rs:3-5", "the last line is not part of the selection");
});

test("what is typed can be asked even if an earlier question looks like it", () => {
  const labels = (typed: string) => choices(typed, ["where is it", "why"]).map((it) => it.label);
  assert.deepEqual(labels(""), ["where is it", "why"]);
  assert.deepEqual(labels(" where "), ["where", "where is it", "why"]);
  assert.deepEqual(labels("why"), ["why", "where is it"]);
});
