import assert from "node:assert/strict";
import { test } from "node:test";

import { citationOf, findMentions, formatPlace, splitFolder } from "../src/links";

const found = (text: string, known: string[] = []) =>
  findMentions(text, known).map((it) => `${text.slice(it.start, it.end)} => ${formatPlace(it)}`);

const cases: [name: string, text: string, expected: string[], known?: string[]][] = [
  ["a line", "see src/a.rs:10.", ["src/a.rs:10 => src/a.rs:10"]],
  ["a range", "src/a.rs:10-14", ["src/a.rs:10-14 => src/a.rs:10-14"]],
  ["a range with a dash and L", "a.rs:L10–L14", ["a.rs:L10–L14 => a.rs:10-14"]],
  ["code and brackets around it", "`a.rs:1` (b.rs:2) [c.rs:3] **d.rs:4**", [
    "a.rs:1 => a.rs:1",
    "b.rs:2 => b.rs:2",
    "c.rs:3 => c.rs:3",
    "d.rs:4 => d.rs:4",
  ]],
  ["the form of web addresses", "[a](src/a.rs#L3) b.rs#L3-L9", ["src/a.rs#L3 => src/a.rs:3", "b.rs#L3-L9 => b.rs:3-9"]],
  ["a column after the line", "src/a.rs:10:5: error", ["src/a.rs:10 => src/a.rs:10"]],
  ["a path that is not English", "src/größe.py:7", ["src/größe.py:7 => src/größe.py:7"]],
  ["a path of Windows", String.raw`src\a.rs:3`, [String.raw`src\a.rs:3 => src\a.rs:3`]],
  ["several in a line", "a.rs:1, b.rs:2", ["a.rs:1 => a.rs:1", "b.rs:2 => b.rs:2"]],
  ["a range that runs backwards is one line", "a.rs:9-3", ["a.rs:9-3 => a.rs:9"]],
  ["no time, port, version or address", "12:30 localhost:8080 v1.2:3 http://a.example:80/x.rs:3 127.0.0.1:80", []],
  ["no path of a module", "std::vec:10 a.rs::b:2", []],
  ["no line 0 and no number that goes on", "a.rs:0 a.rs:12x a.rs:123456789", []],
  ["a name without extension only if it is known", "Makefile:3 and LICENSE:1", ["Makefile:3 => Makefile:3"], ["Makefile"]],
  ["a known path with blanks and brackets", "in app/[id] (old)/my page.tsx:3-4!", [
    "app/[id] (old)/my page.tsx:3-4 => app/[id] (old)/my page.tsx:3-4",
  ], ["app/[id] (old)/my page.tsx"]],
  ["a known path with a hyphen", "in Untitled-2:1-3 and my-app/a-b.ts:4", [
    "Untitled-2:1-3 => Untitled-2:1-3",
    "my-app/a-b.ts:4 => my-app/a-b.ts:4",
  ], ["Untitled-2", "my-app/a-b.ts"]],
  ["the longest known path", "lib/x y.c:1", ["lib/x y.c:1 => lib/x y.c:1"], ["y.c", "lib/x y.c"]],
  ["a known path only as a whole", "other/a.rs:1", ["other/a.rs:1 => other/a.rs:1"], ["a.rs"]],
];

for (const [name, text, expected, known] of cases) {
  test(`finds ${name}`, () => {
    assert.deepEqual(found(text, known), expected);
  });
}

test("a megabyte without blanks takes no longer than its length", () => {
  const started = performance.now();
  assert.deepEqual(findMentions("a/".repeat(500_000)), []);
  assert.ok(performance.now() - started < 2_000);
});

test("a mention belongs to the citation that its lines lie within", () => {
  const cited = { path: "a.rs", startLine: 10, endLine: 14, state: "quoted" as const };
  const of = (path: string, startLine: number, endLine: number) =>
    citationOf({ start: 0, end: 0, path, startLine, endLine }, [cited]);
  assert.equal(of("a.rs", 10, 14), cited);
  assert.equal(of("a.rs", 12, 12), cited);
  assert.equal(of("a.rs", 12, 15), undefined);
  assert.equal(of("b.rs", 12, 12), undefined);
});

test("a mention of just the lines of one citation belongs to that one, whatever lies around it", () => {
  const around = { path: "a.rs", startLine: 10, endLine: 14, state: "quoted" as const };
  const within = { path: "a.rs", startLine: 12, endLine: 12, state: "missing" as const };
  const of = (startLine: number) =>
    citationOf({ start: 0, end: 0, path: "a.rs", startLine, endLine: startLine }, [around, within]);
  assert.equal(of(12), within);
  assert.equal(of(13), around);
});

test("the folder's name is told from the path when several folders are open", () => {
  assert.deepEqual(splitFolder("web/src/a.ts", ["core", "web"]), { folder: "web", rest: "src/a.ts" });
  assert.equal(splitFolder("website/a.ts", ["core", "web"]), undefined);
});
