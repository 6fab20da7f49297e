/**
 * Finds `path:line` in an answer. Pure text in, offsets out; what a path means is decided elsewhere.
 */

import type { Citation } from "./model";

/** One `path:line`, `path:start-end` or, as in web addresses, `path#Lline`. Offsets are UTF-16 units of the text; lines count from 1, both ends included. */
export interface Mention {
  start: number;
  end: number;
  path: string;
  startLine: number;
  endLine: number;
}

// A path has a letter, and a slash or an extension: this keeps times (12:30) and ports (localhost:80) out. Everything
// that may stand in a path also may not stand right before one, so each run of such characters is tried only once and
// a megabyte of base64 costs no more than its length.
const PATH = String.raw`[\p{L}\p{N}_.@+~#$%/\\-]`;
const PLAUSIBLE = /^(?=.*\p{L})(?:.*[/\\].*|.*\.\p{L}[\p{L}\p{N}]*)$/u;
const LINES = String.raw`(?::L?|#L)(\d{1,7})(?:[-–]L?(\d{1,7}))?(?![\p{L}\p{N}_])`;

/**
 * All mentions in order. `known` are paths the server has named: they are found whatever characters they have, and
 * also without a slash or an extension (`Makefile:3`).
 */
export function findMentions(text: string, known: Iterable<string> = []): Mention[] {
  const names = new Set([...known].filter((path) => path !== ""));
  const literal = [...names].sort((a, b) => b.length - a.length).map(escape);
  const path = [...literal, `${PATH}+`].join("|");
  const pattern = new RegExp(`(?<!${PATH}|:)(${path})${LINES}`, "gu");
  const mentions: Mention[] = [];
  for (const match of text.matchAll(pattern)) {
    const [whole, found = "", first = "", last] = match;
    const startLine = Number(first);
    if (startLine === 0 || !(names.has(found) || PLAUSIBLE.test(found))) {
      continue;
    }
    mentions.push({
      start: match.index,
      end: match.index + whole.length,
      path: found,
      startLine,
      endLine: Math.max(startLine, Number(last ?? first)),
    });
  }
  return mentions;
}

/**
 * The citation of the server that a mention belongs to: the same path, and lines that lie within the cited ones. Of
 * several it is the one of just these lines: the quotation from a part can be wrong where the whole is there.
 */
export function citationOf(mention: Mention, citations: readonly Citation[]): Citation | undefined {
  const around = citations.filter(
    (it) => it.path === mention.path && it.startLine <= mention.startLine && mention.endLine <= it.endLine,
  );
  return around.find((it) => it.startLine === mention.startLine && it.endLine === mention.endLine) ?? around[0];
}

/** `src/a.rs:3` or `src/a.rs:3-9`, the form that `findMentions` finds again. */
export function formatPlace(place: { path: string; startLine: number; endLine: number }): string {
  const lines = place.endLine > place.startLine ? `${place.startLine}-${place.endLine}` : `${place.startLine}`;
  return `${place.path}:${lines}`;
}

/** A path without its workspace folder's name, which the server puts in front when there are several folders. */
export function splitFolder(path: string, folders: readonly string[]): { folder: string; rest: string } | undefined {
  const folder = folders.find((name) => path.startsWith(`${name}/`));
  return folder === undefined ? undefined : { folder, rest: path.slice(folder.length + 1) };
}

const escape = (literal: string) => literal.replace(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
