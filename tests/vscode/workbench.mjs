// What a person does in VS Code's window and sees there, in the terms of that window.
//
// All waiting is for something to appear. Selectors name VS Code's own class names and are kept in this file.

/** Milliseconds after which something that was to appear counts as missing. */
const PATIENCE = 20_000;

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
    await this.#page.locator(".monaco-editor .view-line").first().waitFor();
  }

  press(keys) {
    return this.#page.keyboard.press(keys);
  }

  screenshot(path) {
    return this.#page.screenshot({ path, animations: "disabled" });
  }

  /** Runs a command by its title in the palette. */
  async runCommand(title) {
    const { keyboard } = this.#page;
    await keyboard.press("F1");
    await this.#input().fill(`>${title}`);
    const row = this.#page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    await row.waitFor();
    await row.click();
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

  /** Chooses from the menu of code actions at the cursor. */
  async chooseCodeAction(title) {
    await this.press("Control+.");
    const row = this.#page.locator(".action-widget .monaco-list-row.action", { hasText: title }).first();
    await row.waitFor();
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
    await this.#page.locator("#status\\.editor\\.selection", { hasText: new RegExp(`^Ln ${line}, Col 1$`) }).waitFor();
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

  async pressNotificationButton(text, label) {
    const button = this.notification(text).first().locator(".monaco-button", { hasText: label });
    await button.click();
  }

  async waitForNoNotification(text) {
    await this.notification(text).waitFor({ state: "detached" });
  }

  async clearNotifications() {
    await this.runCommand("Notifications: Clear All Notifications");
    await this.#page.locator(".notification-toast").waitFor({ state: "detached" });
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

  statusBarItem(text) {
    return this.#page.locator(".part.statusbar .statusbar-item", { hasText: text });
  }

  #input() {
    return this.#page.locator(".quick-input-widget .quick-input-box input");
  }
}

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

  async pressAction(title) {
    await this.#action(title).click();
  }

  /** The texts of all links in view, once there are any. */
  async links() {
    await this.#group.locator(".detected-link").first().waitFor();
    return this.#group.locator(".detected-link").allInnerTexts();
  }

  /** Follows the first link in view that matches, and returns its text. */
  async follow(pattern) {
    const link = this.#group.locator(".detected-link", { hasText: pattern }).first();
    const text = await link.innerText();
    // A link is drawn anew under the mouse while the key is down, so the click goes to its place, not to its element.
    const { x, y, width, height } = await link.boundingBox();
    await this.#page.keyboard.down("Control");
    await this.#page.mouse.move(x + width / 2, y + height / 2, { steps: 3 });
    await this.#group.locator(".detected-link-active").first().waitFor();
    await this.#page.mouse.down();
    await this.#page.mouse.up();
    await this.#page.keyboard.up("Control");
    return text;
  }

  /** Puts the cursor at the start of the line with the text and selects the given number of lines from there. */
  async selectLines(text, count) {
    await this.#group.locator(".view-line", { hasText: text }).first().click();
    await this.#page.keyboard.press("Home");
    for (let line = 0; line < count; line += 1) {
      await this.#page.keyboard.press("Shift+ArrowDown");
    }
  }

  #action(title) {
    return this.#group.locator(".codelens-decoration a", { hasText: title });
  }
}
