/**
 * The API keys, one for each provider: kept in the editor's secret storage and given to the server in its environment,
 * nowhere else.
 */

import * as vscode from "vscode";

const SECRET = "rlm.apiKeys";

/** Where the server looks for the keys of providers, commonest first, and whose they are. */
const PROVIDERS: readonly (readonly [variable: string, owner: string])[] = [
  ["RLM_API_KEY", "The servers of rlm.endpoint"],
  ["ANTHROPIC_API_KEY", "Anthropic"],
  ["OPENAI_API_KEY", "OpenAI"],
  ["OPENROUTER_API_KEY", "OpenRouter"],
  ["DEEPSEEK_API_KEY", "DeepSeek"],
  ["GEMINI_API_KEY", "Google Gemini"],
  ["XAI_API_KEY", "xAI"],
  ["MISTRAL_API_KEY", "Mistral"],
  ["GROQ_API_KEY", "Groq"],
  ["TOGETHER_API_KEY", "Together"],
  ["FIREWORKS_API_KEY", "Fireworks"],
  ["ZAI_API_KEY", "Z.ai"],
  ["KIMI_API_KEY", "Kimi"],
  ["MINIMAX_API_KEY", "MiniMax"],
  ["QWEN_CLOUD_API_KEY", "Qwen Cloud"],
  ["ALIYUN_API_KEY", "Alibaba Cloud"],
  ["OLLAMA_API_KEY", "Ollama Cloud"],
  ["AZURE_OPENAI_API_KEY", "Azure OpenAI"],
];

/** Names of variables for keys. Any other, such as PATH, would change what the server is, not what it may use. */
const VARIABLE = /^[A-Z][A-Z0-9_]*(?:KEY|TOKEN)(?:_[A-Z0-9_]+)?$/u;

const OTHER = "Another variable…";

type Keys = Readonly<Record<string, string>>;

export class ApiKeys {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  /** The environment of the server: this process's own, with the keys that there are. */
  async environment(): Promise<NodeJS.ProcessEnv> {
    return { ...process.env, ...(await this.#read()) };
  }

  /** Asks for the key that a variable is to hold, or first for which one, and stores it; an empty one removes what is stored. */
  async prompt(wanted: unknown): Promise<void> {
    const keys = await this.#read();
    const variable = typeof wanted === "string" && VARIABLE.test(wanted) ? wanted : await choose(keys);
    if (variable === undefined) {
      return;
    }
    const key = await vscode.window.showInputBox({
      title: `RLM: API key for ${ownerOf(variable) ?? variable}`,
      prompt: `Stored in this editor's secret storage and passed to the server as ${variable}. Empty removes it.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (key !== undefined) {
      const others = Object.entries(keys).filter(([name]) => name !== variable);
      const stored = Object.fromEntries(key.trim() === "" ? others : [...others, [variable, key.trim()]]);
      await this.#secrets.store(SECRET, JSON.stringify(stored));
    }
  }

  onDidChange(listener: () => void): vscode.Disposable {
    return this.#secrets.onDidChange((event) => {
      if (event.key === SECRET) {
        listener();
      }
    });
  }

  async #read(): Promise<Keys> {
    return decodeKeys(await this.#secrets.get(SECRET));
  }
}

/** The variable of a key that a text speaks of, if it does. */
export const variableIn = (text: string): string | undefined =>
  /\b[A-Z][A-Z0-9_]*_(?:API_KEY|TOKEN)\b/u.exec(text)?.[0];

/** What the storage has, as far as it is what was put there. */
export function decodeKeys(stored: string | undefined): Keys {
  try {
    const keys: unknown = JSON.parse(stored ?? "{}");
    const entries = typeof keys === "object" && keys !== null ? Object.entries(keys) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => VARIABLE.test(entry[0]) && typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}

const ownerOf = (variable: string) => PROVIDERS.find(([name]) => name === variable)?.[1];

/** Has the user choose whose key it is. */
async function choose(keys: Keys): Promise<string | undefined> {
  const known = PROVIDERS.map(([name]) => name);
  const variables = [...known, ...Object.keys(keys).filter((name) => !known.includes(name))];
  const items = variables.map((variable) => ({
    label: ownerOf(variable) ?? variable,
    description: variable,
    detail: describePresence(variable, keys),
  }));
  const other = { label: OTHER, description: "", detail: "" };
  const options = { title: "RLM: Whose API key is it?", matchOnDescription: true };
  const chosen = await vscode.window.showQuickPick([...items, other], options);
  return chosen?.label === OTHER
    ? vscode.window.showInputBox({
        title: "RLM: The variable of the API key",
        prompt: "Its name, such as PORTKEY_API_KEY",
        validateInput: (name) => (VARIABLE.test(name) ? undefined : "The name has capitals, and KEY or TOKEN in it."),
      })
    : chosen?.description;
}

function describePresence(variable: string, keys: Keys): string {
  if (keys[variable] !== undefined) {
    return "stored in this editor";
  }
  return process.env[variable] === undefined ? "" : "set in the environment that this editor was started in";
}
