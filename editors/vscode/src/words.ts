/**
 * Sentences of the server in the words of this editor: its settings and commands in the place of options and variables
 * of a terminal, which a person in an editor has not.
 */

import { SETTINGS } from "./protocol";

/** The text with the names of this editor's settings, as links in a document have them: `rlm.maxCalls`. */
export function inEditor(text: string): string {
  return text
    .replace(/the setting `(\w+)`/gu, "`rlm.$1`")
    .replace(/\bthe client's settings: (\w+):/gu, "the setting `rlm.$1`:")
    .replace(/\bset RLM_PRICE="(.+)=INPUT\/OUTPUT"/gu, 'set `rlm.price` to `{"$1": [INPUT, OUTPUT]}`')
    .replace(/`?--([a-z][a-z-]*)`?/gu, (option, name: string) => {
      const setting = SETTINGS.find((it) => it === name.replace(/-(.)/gu, (_, letter: string) => letter.toUpperCase()));
      return setting === undefined ? option : `\`rlm.${setting}\``;
    })
    .replace(/`rlm doctor` (checks|says)/gu, "`rlm doctor` in a terminal $1");
}

/** The setting that a text speaks of first, without its section. */
export const settingIn = (text: string): string | undefined =>
  SETTINGS.find((it) => it === /\brlm\.(\w+)/u.exec(inEditor(text))?.[1]);
