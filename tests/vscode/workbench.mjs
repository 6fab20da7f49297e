// What a person does in VS Code's window and sees there, in the terms of that window.
//
// All waiting is for something to appear. Selectors name VS Code's own class names and are kept in this file.

/** Milliseconds after which something that was to appear counts as missing. */
export const PATIENCE = 60_000;

/** Milliseconds to wait for what a gesture brings up before it is made again; the last attempt has all patience. */
const ATTEMPTS = [5_000, 10_000, PATIENCE];

/**
 * Makes a gesture until what it brings up is `seen`. A busy window can lose one: a key that arrives while the focus
 * moves, a click on what is being drawn anew. A person then does it again. Each repetition is printed, so that one that
 * is always needed does not stay unnoticed.
 */
async function insist(what, gesture, seen, withdraw = () => undefined) {
  for (const [attempt, timeout] of ATTEMPTS.entries()) {
    await gesture();
    try {
      return await seen(timeout);
    } catch (error) {
      if (error.name !== "TimeoutError" || attempt === ATTEMPTS.length - 1) {
        throw error;
      }
    }
    console.log(`again ${what}: nothing seen within ${timeout / 1000} s`);
    await withdraw();
  }
}

export class Workbench {
  #page;

  constructor(page) {
    this.#page = page;
    page.setDefaultTimeout(PATIENCE);
  }

  /** Opens the window on a folder, with one of its files in front. */
  async open(base, folder, file) {
    const shown = `vscode-remote://${new URL(base).host}${folder}/${file}`;
    const parameters = new URLSearchParams({ folder, payload: JSON.stringify([["openFile", shown]]) });
    await this.#page.goto(`${base}/?${parameters}`);
    // The first window of a fresh installation takes a busy machine longer than anything that follows.
    await this.#page.locator(".monaco-editor .view-line").first().waitFor({ timeout: 3 * PATIENCE });
  }

  press(keys) {
    return this.#page.keyboard.press(keys);
  }

  screenshot(path) {
    return this.#page.screenshot({ path, animations: "disabled" });
  }

  /** Runs a command by its title in the palette, once it is the first choice there. */
  async runCommand(title) {
    const chosen = this.#page.locator(".quick-input-list .monaco-list-row.focused", { hasText: title });
    const type = async () => {
      await this.press("F1");
      await this.#input().fill(`>${title}`);
    };
    await insist(title, type, (timeout) => chosen.waitFor({ timeout }), () => this.press("Escape"));
    await this.press("Enter");
  }

  /** Opens a file of the folder by its path. */
  async openFile(path) {
    const chosen = this.#page.locator(".quick-input-list .monaco-list-row.focused", { hasText: path.split("/").at(-1) });
    const type = async () => {
      await this.press("Control+P");
      await this.#input().fill(path);
    };
    await insist(path, type, (timeout) => chosen.waitFor({ timeout }), () => this.press("Escape"));
    await this.press("Enter");
  }

  /** Types into the box whose title is given, and accepts. */
  async fillPrompt(title, text) {
    await this.#page.locator(".quick-input-title", { hasText: title }).waitFor();
    await this.#input().fill(text);
    await this.press("Enter");
  }

  /** Types into the box whose title is given, waits until what was typed is the first choice, and takes it. */
  async answerPrompt(title, text) {
    await this.#page.locator(".quick-input-title", { hasText: title }).waitFor();
    await this.#input().fill(text);
    await this.#page.locator(".quick-input-list .monaco-list-row.focused", { hasText: text }).waitFor();
    await this.press("Enter");
  }

  /**
   * Selects text, and chooses from the menu of code actions for it. After a change of the selection VS Code asks for
   * code actions by itself, and drops the menu if what the key asked for has not been answered half a second later.
   * Closing what came instead can take the selection away, so both are done again.
   */
  async chooseCodeAction(select, title) {
    const row = this.#page.locator(".action-widget .monaco-list-row.action", { hasText: title }).first();
    const ask = async () => {
      await select();
      await this.press("Control+.");
    };
    await insist("Control+.", ask, (timeout) => row.waitFor({ timeout }), () => this.press("Escape"));
    await row.click();
  }

  /** The editor of the document whose tab begins with the title. */
  async editor(title) {
    const tab = this.#page.locator(".tab.active", { hasText: title }).last();
    await tab.waitFor();
    const group = this.#page.locator(".editor-group-container", { has: tab });
    return new Editor(this.#page, group);
  }

  /** Name of the file in front and position of the cursor, as the window shows them. */
  async waitForCursor(file, line) {
    await this.#page.locator(".editor-group-container.active .tab.active", { hasText: file }).waitFor();
    await position(this.#page, new RegExp(`^Ln ${line}, Col 1$`, "u")).waitFor();
  }

  notification(text) {
    return this.#page.locator(".notification-toast", { hasText: text });
  }

  async waitForNotification(text) {
    await this.notification(text).first().waitFor();
  }

  /** The labels of the buttons of a notification. */
  notificationButtons(text) {
    return this.notification(text).first().locator(".notification-list-item-buttons-container .monaco-button").allInnerTexts();
  }

  /** Presses a button that can be pressed once: with that it is disabled, or gone. */
  async pressNotificationButton(text, label) {
    const button = this.notification(text).first().locator(".monaco-button:not(.disabled)", { hasText: label });
    const pressed = (timeout) => button.waitFor({ state: "detached", timeout });
    await insist(`the button ${label}`, () => button.click(), pressed);
  }

  async waitForNoNotification(text) {
    await this.notification(text).first().waitFor({ state: "detached" });
  }

  /** A row of the panel of problems. */
  problem(text) {
    return this.#page.locator(".markers-panel .monaco-list-row", { hasText: text });
  }

  /** A row of the preview of changes that wait to be confirmed. */
  previewedChange(text) {
    return this.#page.locator(".bulk-edit-panel .monaco-list-row", { hasText: text });
  }

  /** Makes the changes of the preview that are checked. */
  async applyPreview() {
    await this.#page.locator(".bulk-edit-panel .monaco-button", { hasText: "Apply" }).click();
  }

  /** Chooses from a list that a command has brought up. */
  async choose(title, label) {
    await this.#page.locator(".quick-input-title", { hasText: title }).waitFor();
    await this.#page.locator(".quick-input-list .monaco-list-row", { hasText: label }).first().click();
  }

  async clearNotifications() {
    await this.runCommand("Notifications: Clear All Notifications");
    await this.#page.locator(".notification-toast").first().waitFor({ state: "detached" });
  }

  /** Runs a command that reports in a modal dialog; returns the dialog's text and closes it. */
  async readDialog(command) {
    await this.runCommand(command);
    const dialog = this.#page.locator(".monaco-dialog-box");
    await dialog.waitFor();
    const text = await dialog.innerText();
    await this.press("Escape");
    await dialog.waitFor({ state: "detached" });
    return text;
  }

  /** Waits for a box with this title, and closes it. */
  async dismissPrompt(title) {
    await this.#page.locator(".quick-input-title", { hasText: title }).waitFor();
    await this.press("Escape");
    await this.#page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Loads the window anew, as the editor's own command does. */
  async reload() {
    await this.#page.reload();
    await this.#page.locator(".monaco-editor .view-line").first().waitFor({ timeout: 3 * PATIENCE });
  }

  /** Writes into what has the focus. */
  type(text) {
    return this.#page.keyboard.type(text);
  }

  /** The title of a setting that the settings editor shows. */
  setting(title) {
    return this.#page.locator(".settings-editor .setting-item-label", { hasText: title });
  }

  /** The tab of settings that is chosen in the settings editor: User, Remote, Workspace. */
  settingsTarget() {
    return this.#page.locator(".settings-editor .settings-tabs-widget .action-label.checked").first();
  }

  /** Puts the cursor into the first cell of the notebook in front. */
  async enterCell() {
    await this.#page.locator(".notebookOverlay .cell-editor-container .view-line").first().click();
  }

  /** The picture of the walkthrough in front, once it is there: whether it has been loaded. */
  async hasPicture() {
    const picture = this.#page.locator(".gettingStartedContainer .getting-started-media img").first();
    // A narrow window does not show it.
    await picture.waitFor({ state: "attached" });
    return picture.evaluate((it) => it.decode().then(() => it.naturalWidth > 0, () => false));
  }

  statusBarItem(text) {
    return this.#page.locator(".part.statusbar .statusbar-item", { hasText: text });
  }

  #input() {
    return this.#page.locator(".quick-input-widget .quick-input-box input");
  }
}

/** The status bar's account of the cursor and the selection. */
const position = (page, pattern) => page.locator("#status\\.editor\\.selection", { hasText: pattern });

export class Editor {
  #page;
  #group;

  constructor(page, group) {
    this.#page = page;
    this.#group = group;
  }

  /** The lines in view. VS Code writes spaces as non-breaking ones and renders lines out of order. */
  async text() {
    const lines = await this.#group.locator(".view-line").evaluateAll((all) =>
      all.map((it) => [it.getBoundingClientRect().top, it.textContent]).sort((a, b) => a[0] - b[0]).map((it) => it[1]),
    );
    return lines.join("\n").replaceAll("\u00a0", " ");
  }

  async waitForText(text) {
    await this.#group.locator(".view-line", { hasText: new RegExp(text.replaceAll(" ", "[ \u00a0]"), "u") }).first().waitFor();
  }

  async waitForAction(title) {
    await this.#action(title).waitFor();
  }

  /** Closes the document in front, whose tab begins with the title. */
  async close(title) {
    const tab = this.#group.locator(".tab.active", { hasText: title });
    await tab.locator(".tab-actions .action-label").click();
    await tab.waitFor({ state: "detached" });
  }

  /** Chooses an action above the text that brings up a prompt. */
  async chooseAction(title) {
    const prompt = this.#page.locator(".quick-input-widget");
    await insist(title, () => this.#action(title).click(), (timeout) => prompt.waitFor({ timeout }));
  }

  /** Presses a button in the bar above the text that brings up a prompt. */
  async pressTitleButton(title) {
    const prompt = this.#page.locator(".quick-input-widget");
    const button = this.#group.locator(".editor-actions").getByRole("button", { name: title });
    await insist(title, () => button.click(), (timeout) => prompt.waitFor({ timeout }));
  }

  /** Presses a button in the bar above the text that is gone when it has been pressed. */
  async pressVanishingButton(title) {
    const button = this.#group.locator(".editor-actions").getByRole("button", { name: title });
    await insist(title, () => button.click(), (timeout) => button.waitFor({ state: "detached", timeout }));
  }

  /** How many letters in view are boxed as suspicious. */
  boxes() {
    return this.#group.locator(".unicode-highlight").count();
  }

  /** Puts the cursor into the text, at the start of a line in view that has these words. */
  async enter(text) {
    await this.#group.locator(".view-line", { hasText: text }).first().click({ position: { x: 2, y: 5 } });
  }

  /** Whether an action above the text is where a person can see it. */
  async showsAction(title) {
    const [action] = await this.#action(title).all();
    const [box, around] = [await action?.boundingBox(), await this.#group.locator(".overflow-guard").first().boundingBox()];
    return box !== undefined && box !== null && box.y >= around.y && box.y + box.height <= around.y + around.height;
  }

  /** Waits until a text is underlined with dots, as what is missing is. */
  async waitForDots(text) {
    const dotted = async () => {
      const styles = await this.#group.locator(".view-line span span", { hasText: text }).evaluateAll((all) =>
        all.map((it) => getComputedStyle(it).textDecoration),
      );
      return styles.some((style) => style.includes("dotted"));
    };
    const deadline = performance.now() + PATIENCE;
    while (!(await dotted())) {
      if (performance.now() > deadline) {
        throw new Error(`${text} is not underlined with dots`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Asks the question of the answer again; the new answer comes to the front in a tab of its own. */
  async askAgain(title) {
    const tabs = this.#group.locator(".tab", { hasText: title });
    const next = tabs.nth(await tabs.count());
    await insist("Ask Again", () => this.#action("Ask Again").click(), (timeout) => next.waitFor({ timeout }));
  }

  /** The texts of all links in view, once there are any. */
  async links() {
    await this.#group.locator(".detected-link").first().waitFor();
    return this.#group.locator(".detected-link").allInnerTexts();
  }

  /** Follows the first link in view that matches to the file that it names, and returns its text. */
  async follow(pattern) {
    const link = this.#group.locator(".detected-link", { hasText: pattern }).first();
    const text = await link.innerText();
    const file = /([^/]+):\d/u.exec(text)[1];
    const front = this.#page.locator(".editor-group-container.active .tab.active", { hasText: file });
    await insist(`the link ${text}`, () => this.#followOnce(link), (timeout) => front.waitFor({ timeout }));
    return text;
  }

  /** A link is drawn anew under the mouse while the key is down, so the click goes to its place, not to its element. */
  async #followOnce(link) {
    const { x, y, width, height } = await link.boundingBox();
    await this.#page.mouse.move(x - 5, y + height / 2);
    await this.#page.keyboard.down("Control");
    await this.#page.mouse.move(x + width / 2, y + height / 2, { steps: 3 });
    // Without it the click only puts the cursor there, and the link is tried again.
    await this.#group.locator(".detected-link-active").first().waitFor({ timeout: ATTEMPTS[0] }).catch(() => undefined);
    await this.#page.mouse.down();
    await this.#page.mouse.up();
    await this.#page.keyboard.up("Control");
  }

  /** Selects the given number of lines, of which the first has the text and no indentation. */
  async selectLines(text, count) {
    await this.#group.locator(".view-line", { hasText: text }).first().click();
    // Where a file was just opened, the first column is told of its beginning.
    await this.#page.keyboard.press("End");
    await position(this.#page, /^Ln \d+, Col (?!1$)\d+$/u).waitFor();
    await this.#page.keyboard.press("Home");
    const start = position(this.#page, /^Ln \d+, Col 1$/u);
    await start.waitFor();
    const first = Number(/\d+/u.exec(await start.innerText())[0]);
    for (let line = 0; line < count; line += 1) {
      await this.#page.keyboard.press("Shift+ArrowDown");
    }
    await position(this.#page, new RegExp(`^Ln ${first + count}, Col 1 \\(\\d+ selected\\)$`, "u")).waitFor();
  }

  #action(title) {
    return this.#group.locator(".codelens-decoration a", { hasText: title });
  }
}
