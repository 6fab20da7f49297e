// What people have met in VS Code, each as a step that fails if it comes back. The window is in Restricted Mode, as a
// folder is that was opened for the first time.
//
// usage: reported.mjs CACHE_DIR VSIX RLM_PROGRAM CHROMIUM SCREENSHOT_DIR

import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { eventually, ofProcess, Trial } from "./trial.mjs";

const trial = new Trial(process.argv.slice(2), "rlm-reported", {
  "security.workspace.trust.enabled": true,
  "security.workspace.trust.startupPrompt": "never",
  // Over the window nothing else could be reached.
  "workbench.editor.useModal": "off",
});
const { codeServer, repository, serverPath } = trial;
const step = (name, act) => trial.step(name, act);
const scripted = (name) => `cli:${process.execPath} ${fileURLToPath(new URL(name, import.meta.url))}`;
const settings = { "rlm.serverPath": serverPath, "rlm.model": "extractive" };
const withModel = { ...settings, "rlm.model": scripted("model.mjs"), "rlm.strategy": "rlm" };
let workbench;

const NOTEBOOK = {
  cells: [{ cell_type: "code", source: ["def retry_pause(): return 42\n"], metadata: {}, outputs: [], execution_count: null }],
  metadata: { language_info: { name: "python" } },
  nbformat: 4,
  nbformat_minor: 5,
};
writeFileSync(join(repository, "analysis.ipynb"), JSON.stringify(NOTEBOOK));
writeFileSync(join(repository, "notes.txt"), "Où est calculé le délai ?\n");
copyFileSync(fileURLToPath(new URL("../../editors/vscode/images/icon.png", import.meta.url)), join(repository, "logo.png"));

/** Settings that count once the server says so. */
async function configure(chosen, said) {
  codeServer.configure(chosen);
  await eventually(`the status says ${said}`, async () => (await workbench.readDialog("RLM: Show Status")).includes(said));
}

async function ask(question, about = "the workspace courier", command = "RLM: Ask…") {
  await workbench.runCommand(command);
  await workbench.answerPrompt(`Ask RLM about ${about}`, question);
  return workbench.editor(question.slice(0, 20));
}

try {
  await step("settings are opened where a remote window has them", async () => {
    codeServer.configure({ "rlm.serverPath": join(trial.scratch, "nowhere/rlm") });
    await trial.start();
    ({ workbench } = trial);
    const message = "there is no program at";
    await workbench.waitForNotification(message);
    await workbench.pressNotificationButton(message, "Open Settings");
    await workbench.setting("Server Path").waitFor();
    assert.match(await workbench.settingsTarget().innerText(), /Remote/u);
  });

  await step("with no file in front it is said what is", async () => {
    codeServer.configure(settings);
    await eventually("the server runs", () => trial.servers().length === 1);
    await workbench.runCommand("RLM: Ask About This File…");
    await workbench.waitForNotification("There is no file to ask about in “Settings”");
    await workbench.clearNotifications();
  });

  await step("letters of an answer are not boxed in Restricted Mode", async () => {
    await workbench.statusBarItem("Restricted Mode").waitFor();
    await configure(settings, "extractive");
    await workbench.openFile("notes.txt");
    const notes = await workbench.editor("notes.txt");
    await eventually("letters of a file are boxed", async () => (await notes.boxes()) > 0);
    const answer = await ask("Où est le délai “calculé” — dépassé ?");
    await answer.waitForAction("Ask Again");
    await eventually("the file is still boxed", async () => (await notes.boxes()) > 0);
    assert.equal(await answer.boxes(), 0);
  });

  await step("a setting that is removed is out of force", async () => {
    await configure({ "rlm.serverPath": serverPath, "rlm.endpoint": ["http://127.0.0.1:9/v1"], "rlm.model": "gone" }, "gone");
    await configure({ "rlm.serverPath": serverPath }, "nothing is configured");
  });

  await step("the key of a provider is given where it is missed", async () => {
    await configure({ ...settings, "rlm.model": "anthropic::claude-sonnet-5-5" }, "anthropic::claude-sonnet-5-5");
    await ask("Who needs a key?");
    const message = "anthropic::claude-sonnet-5-5 needs an API key, and ANTHROPIC_API_KEY is not set";
    await workbench.waitForNotification(message);
    const said = await workbench.notification(message).first().innerText();
    assert.match(said, /(?<![A-Z])anthropic::claude.*or choose another model with “rlm\.model”/su);
    assert.deepEqual(await workbench.notificationButtons(message), ["Set API Key", "Open Settings", "Show Log"]);
    await workbench.pressNotificationButton(message, "Set API Key");
    await workbench.fillPrompt("API key for Anthropic", "a-key-of-a-provider");
    await eventually("the server has the key", () => {
      const [id] = trial.servers();
      return id !== undefined && ofProcess(id, "environ").includes("\0ANTHROPIC_API_KEY=a-key-of-a-provider\0");
    });
    await workbench.clearNotifications();
  });

  await step("a failure speaks of settings, not of a terminal", async () => {
    await configure({ ...withModel, "rlm.maxCost": 1 }, "model.mjs");
    await ask("What does it cost?");
    const message = "a limit on cost cannot hold";
    await workbench.notification(new RegExp(message, "iu")).first().waitFor();
    const said = await workbench.notification(new RegExp(message, "iu")).first().innerText();
    assert.match(said, /“rlm\.price”/u);
    assert.doesNotMatch(said, /RLM_PRICE|--/u);
    await workbench.clearNotifications();
  });

  await step("a block of code within an answer arrives", async () => {
    await configure(withModel, "model.mjs");
    const answer = await ask("Please show a fence");
    await answer.waitForText("function View\\(name\\)");
    await answer.waitForText("That is all\\.$");
  });

  await step("answers survive a reload, and go on", async () => {
    const asked = await ask("Please begin");
    await asked.waitForText("It has begun");
    await asked.waitForAction("Ask Again");
    await workbench.reload();
    const answer = await workbench.editor("Please begin");
    await answer.waitForText("It has begun");
    await answer.waitForAction("Ask Again");
    await trial.picture("answers after a reload");
    await workbench.runCommand("RLM: Ask a Follow-up…");
    await workbench.answerPrompt("Follow up on “Please begin”", "What is kept?");
    await (await workbench.editor("What is kept")).waitForText("42 after 1");
    await workbench.runCommand("RLM: Show Earlier Answers…");
    await workbench.choose("Earlier answers", "Please show a fence");
    await (await workbench.editor("Please show a fence")).waitForText("That is all");
  });

  await step("what is selected in an answer can be asked about", async () => {
    const answer = await workbench.editor("Please show a fence");
    await answer.enter("That is all");
    await workbench.press("Shift+End");
    await workbench.runCommand("RLM: Ask About Selection…");
    await workbench.dismissPrompt("Ask RLM about the selection in Please show a fence");
  });

  await step("a notebook is asked about", async () => {
    await configure(settings, "extractive");
    await workbench.openFile("analysis.ipynb");
    await workbench.enterCell();
    await workbench.press("Control+A");
    const about = "the selection in analysis.ipynb";
    const answer = await ask("What is retry_pause?", about, "RLM: Ask About Selection…");
    await answer.waitForAction("Ask Again");
    await answer.waitForText("About the selection in");
    await answer.waitForText("def retry_pause");
    await workbench.openFile("analysis.ipynb");
    await workbench.runCommand("RLM: Ask About This File…");
    await workbench.dismissPrompt("Ask RLM about analysis.ipynb");
    await workbench.enterCell();
    await workbench.type("x");
    await workbench.runCommand("RLM: Ask About This File…");
    await workbench.dismissPrompt("Ask RLM about the cells of analysis.ipynb");
    await workbench.press("Control+Z");
  });

  await step("of an image it is said that it is none to read", async () => {
    await workbench.openFile("logo.png");
    await ask("What does it show?", "logo.png", "RLM: Ask About This File…");
    await workbench.notification(/nothing to read: left out logo\.png: binary/iu).first().waitFor();
    await workbench.clearNotifications();
  });

  await step("a citation of a file that is not saved is a link", async () => {
    await workbench.press("Control+Alt+N");
    const file = await workbench.editor("Untitled-");
    await workbench.type("def hidden_pause():\n    return 43\n");
    await file.waitForText("return 43");
    const answer = await ask("What is hidden_pause?", "Untitled-", "RLM: Ask About This File…");
    await answer.waitForAction("Ask Again");
    await answer.follow(/Untitled-\d:\d/u);
  });

  await step("the actions of a long answer are there after a jump to its top", async () => {
    await configure(withModel, "model.mjs");
    const answer = await ask("Please be long");
    await answer.waitForAction("Ask Again");
    await answer.enter("Paragraph 1 of");
    await workbench.press("Control+End");
    await answer.waitForText("Paragraph 199");
    await workbench.press("Control+Home");
    await eventually("the actions are in view", () => answer.showsAction("Ask Again"));
  });

  await step("a run shows what it does while it does it, and its title stops it", async () => {
    await configure({ ...withModel, "rlm.worker": scripted("part.mjs") }, "part.mjs");
    const answer = await ask("Please look at the parts");
    await eventually("three of eight have ended, and time goes by", async () =>
      /3 of 8 sub-calls ended .* \d s .*now asked: Look at part 3, /u.test((await answer.text()).replaceAll(/\s+/gu, " ")),
    );
    await trial.picture("a run at work");
    // Only the group in front has buttons in its bar.
    await answer.enter("now asked");
    await answer.pressVanishingButton("RLM: Stop");
    await answer.waitForText("Cancelled");
  });

  await step("the status bar leads to everything at rest", async () => {
    await workbench.statusBarItem("RLM").first().click();
    await workbench.choose("RLM is not working on any question", "Show Earlier Answers");
    await workbench.dismissPrompt("Earlier answers");
  });

  await step("the log has a line of each run and each failure, with its time", () => {
    const log = codeServer.log();
    assert.match(log, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \[info\] “Please begin” \[[0-9a-f]{8}\] answered in .* \(final\): cli:/mu);
    assert.match(log, /^\d{4}-\S+ \S+ \[warning\] “Who needs a key\?” \[[0-9a-f]{8}\] failed in .*ANTHROPIC_API_KEY is not set/mu);
    assert.match(log, /^\d{4}-\S+ \S+ \[error\] anthropic::claude-sonnet-5-5 needs an API key/mu);
    assert.doesNotMatch(log, /a-key-of-a-provider/u);
  });

  await step("the picture is where it is shown, and nowhere else", async () => {
    const readme = codeServer.installed("readme.md");
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]*)\)|<img[^>]*src="([^"]*)"/gu)].map(([, one, other]) => one ?? other);
    assert.deepEqual(pictures.filter((it) => !it.startsWith("https://")), [], "VS Code shows no others of a README");
    await workbench.press("Control+Alt+W");
    assert.ok(await workbench.hasPicture());
  });
} finally {
  await trial.end();
}
