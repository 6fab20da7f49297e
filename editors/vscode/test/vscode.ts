/**
 * Stands in for the module `vscode`, which exists only inside the editor: as much of it as the modules under test use.
 * What the editor itself does with the rest is tested in the editor, by tests/vscode.
 */

interface Parts {
  scheme: string;
  path: string;
  query?: string;
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query: string,
  ) {}

  static from({ scheme, path, query = "" }: Parts): Uri {
    return new Uri(scheme, path, query);
  }

  static file(path: string): Uri {
    return new Uri("file", path, "");
  }

  static parse(text: string): Uri {
    const [, scheme = "", path = ""] = /^(\w+):(?:\/\/)?(.*)$/u.exec(text) ?? [];
    return new Uri(scheme, decodeURIComponent(path), "");
  }

  static joinPath(base: Uri, path: string): Uri {
    return new Uri(base.scheme, new URL(`file://${base.path}/${path}`).pathname, "");
  }

  with({ path }: { path: string }): Uri {
    return new Uri(this.scheme, new URL(`file://${path}`).pathname, this.query);
  }

  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export class ThemeIcon {
  constructor(readonly id: string) {}
}

let settings: Record<string, unknown> = {};

export const workspace = {
  textDocuments: [] as { isUntitled: boolean; uri: Uri }[],
  workspaceFolders: undefined as { name: string; uri: Uri }[] | undefined,
  getConfiguration: () => ({ get: (name: string, otherwise?: unknown) => settings[name] ?? otherwise }),
  asRelativePath(uri: Uri): string {
    const folder = this.workspaceFolders?.find((it) => uri.path.startsWith(`${it.uri.path}/`));
    return folder === undefined ? uri.path : uri.path.slice(folder.uri.path.length + 1);
  },
};

/** The section `rlm` as the user has set it. */
export function configure(values: Record<string, unknown>): void {
  settings = values;
}

/** Opens folders by their paths, in place of those that are open. */
export function openFolders(...paths: string[]): void {
  workspace.workspaceFolders = paths.map((path) => ({ name: path.split("/").at(-1) ?? "", uri: Uri.file(path) }));
}
