// Asks questions in VS Code itself, with the extension as it ships and the server as it is built.
//
// usage: end_to_end.mjs CACHE_DIR VSIX RLM_PROGRAM CHROMIUM SCREENSHOT_DIR

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { eventually, ofProcess, processes, Trial } from "./trial.mjs";

const trial = new Trial(process.argv.slice(2), "rlm-test");
const { codeServer, scratch, serverPath } = trial;
const step = (name, act) => trial.step(name, act);
const picture = (name) => trial.picture(name);
const ownRepository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/u, "");
const settings = { "rlm.serverPath": serverPath, "rlm.model": "extractive" };
let base;
let workbench;

codeServer.configure(settings);

try {
  await step("the extension installs", async () => {
    await trial.start();
    ({ base, workbench } = trial);
    await eventually("the server runs", () => processes(serverPath, "lsp").length === 1);
  });

  await step("a question is asked from the palette", async () => {
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace courier", "Where is the retry delay computed?");
    const answer = await workbench.editor("Where is the retry delay");
    await answer.waitForAction("Ask Again");
    await answer.waitForText("src/backoff.py");
    await workbench.waitForNoNotification("Where is the retry delay");
    // Lines that are drawn anew can be out of their places for a moment.
    await eventually("the question is above its answer", async () =>
      /^# Where is the retry delay computed\?/u.test(await answer.text()),
    );
  });

  await step("a citation opens the file at its line", async () => {
    const answer = await workbench.editor("Where is the retry delay");
    const link = await answer.follow(/src\/backoff\.py:\d/u);
    await workbench.waitForCursor("backoff.py", Number(/:(\d+)/u.exec(link)[1]));
  });

  await step("a question is asked about a selection", async () => {
    const file = await workbench.editor("backoff.py");
    await workbench.chooseCodeAction(() => file.selectLines("def retry_delay", 8), "Ask RLM about this");
    await workbench.answerPrompt("Ask RLM about src/backoff.py:9-16", "What does the jitter do?");
    const answer = await workbench.editor("What does the jitter do");
    await answer.waitForAction("Copy Answer");
    await answer.waitForText("About src/backoff.py:9-16");
  });

  await step("a link in a text runs no command", async () => {
    const question = "What is a [queue](command:workbench.action.closeActiveEditor)?";
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace", question);
    const answer = await workbench.editor("What is a [queue]");
    await answer.waitForAction("Ask Again");
    const links = await answer.links();
    assert.deepEqual(links.filter((link) => !/^[\w/.]+:\d/u.test(link)), [], "only citations are links");
  });

  await step("a key asks without a prompt", async () => {
    await workbench.press("Control+Alt+E");
    const answer = await workbench.editor("What are the entry points");
    await answer.waitForAction("Ask Again");
  });

  await step("what a run did is shown", async () => {
    await workbench.runCommand("RLM: Show What a Run Did");
    await (await workbench.editor("Trace: What are the entry points")).waitForText("noCache|turn 1|left no trace");
    await picture("what a run did");
  });

  await step("a review shows a problem that is mended, undone and dismissed for good", async () => {
    await workbench.runCommand("RLM: Review the Workspace");
    await workbench.waitForNotification("1 finding; read");
    await workbench.pressNotificationButton("1 finding; read", "Show Problems");
    const problem = workbench.problem("leads nowhere");
    await problem.waitFor();
    await picture("a problem");
    await problem.dblclick();
    const readme = await workbench.editor("README.md");
    const select = () => readme.selectLines("See", 1);
    await workbench.chooseCodeAction(select, "RLM: link to");
    await readme.waitForText("docs/plan.md");
    await problem.waitFor({ state: "detached" });
    await workbench.press("Control+Z");
    await readme.waitForText("See \\[the plan\\]\\(doc/plan.md");
    await problem.waitFor();
    await workbench.chooseCodeAction(select, "RLM: dismiss this finding");
    await workbench.choose("Why is this finding dismissed for good?", "It is wrong.");
    await problem.waitFor({ state: "detached" });
    await workbench.clearNotifications();
    await workbench.runCommand("RLM: Restart Server");
    await workbench.runCommand("RLM: Review the Workspace");
    await workbench.waitForNotification("1 dismissed");
    await workbench.clearNotifications();
    await readme.close("README.md");
    await workbench.runCommand("View: Hide Panel");
  });

  await step("follow-ups are answered with nothing configured", async () => {
    codeServer.configure({ "rlm.serverPath": serverPath });
    await eventually("the server has no model", async () =>
      (await workbench.readDialog("RLM: Show Status")).includes("nothing is configured"),
    );
    const questions = [
      ["How long is waited before the next attempt?", "src/backoff.py"],
      ["What calls retry_delay?", "src/deliver.py"],
      ["What is this project about?", "Delivers messages"],
      ["Which class refuses when it is full?", "src/queue.py"],
      ["Where is deliver defined?", "src/deliver.py"],
    ];
    for (const session of ["one", "two", "three"]) {
      let before;
      for (const [text, expected] of questions) {
        const question = `${text} (${session})`;
        await workbench.runCommand(before === undefined ? "RLM: Ask…" : "RLM: Ask a Follow-up…");
        await workbench.answerPrompt(before === undefined ? "Ask RLM about" : "Follow up on", question);
        const answer = await workbench.editor(text.slice(0, 20));
        await answer.waitForAction("Ask Again");
        await answer.waitForText(expected);
        before = question;
      }
    }
    codeServer.configure(settings);
  });

  await step("a server that dies is started again, once", async () => {
    const [first] = processes(serverPath, "lsp");
    process.kill(Number(first), "SIGKILL");
    await workbench.waitForNotification("ended unexpectedly and has been started again");
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace", "Which messages are given up on?");
    const answer = await workbench.editor("Which messages are given up on");
    await answer.waitForAction("Copy Answer");

    const [second] = processes(serverPath, "lsp");
    assert.notEqual(second, first);
    process.kill(Number(second), "SIGKILL");
    await workbench.waitForNotification("ended unexpectedly twice in a row");
    assert.deepEqual(processes(serverPath, "lsp"), []);
    await workbench.pressNotificationButton("ended unexpectedly twice in a row", "Restart Server");
    await eventually("the server runs", () => processes(serverPath, "lsp").length === 1);
  });

  await step("the API key goes into the server's environment", async () => {
    await workbench.runCommand("RLM: Set API Key…");
    await workbench.choose("Whose API key is it?", "RLM_API_KEY");
    await workbench.fillPrompt("API key for", "a-secret-of-the-test");
    await eventually("the server has the key", () => {
      const [id] = processes(serverPath, "lsp");
      return ofProcess(id, "environ").includes("\0RLM_API_KEY=a-secret-of-the-test\0");
    });
    assert.equal(processes("a-secret-of-the-test").length, 0, "the key is on a command line");
    await workbench.clearNotifications();
  });

  await step("a question is previewed", async () => {
    await workbench.runCommand("RLM: Preview a Question…");
    await workbench.answerPrompt("Ask RLM about the workspace", "What would this cost?");
    await (await workbench.editor("Preview: What would this cost")).waitForText("the whole text");
    await picture("a preview");
  });

  await step("a follow-up has the variables of the question before", async () => {
    const model = `cli:${process.execPath} ${fileURLToPath(new URL("model.mjs", import.meta.url))}`;
    codeServer.configure({ ...settings, "rlm.model": model, "rlm.strategy": "rlm", "rlm.trace.server": "verbose" });
    await eventually("the server has the new model", async () =>
      (await workbench.readDialog("RLM: Show Status")).includes("model.mjs"),
    );
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace", "Please begin");
    await (await workbench.editor("Please begin")).waitForText("It has begun");

    await workbench.runCommand("RLM: Ask a Follow-up…");
    await workbench.answerPrompt("Follow up on “Please begin”", "What is kept?");
    const second = await workbench.editor("What is kept");
    await second.waitForText("42 after 1");
    await second.waitForText("About the workspace courier, after “Please begin”");

    await second.chooseAction("Ask a Follow-up…");
    await workbench.answerPrompt("Follow up on “What is kept?”", "And now?");
    const third = await workbench.editor("And now");
    await third.waitForText("42 after 2");

    await third.pressTitleButton("RLM: Ask a Follow-up…");
    await workbench.answerPrompt("Follow up on “And now?”", "And in the end?");
    await (await workbench.editor("And in the end")).waitForText("42 after 3");
  });

  await step("a change is shown, made in part, and undone", async () => {
    await workbench.openFile("src/backoff.py");
    const file = await workbench.editor("backoff.py");
    await file.selectLines("BASE_SECONDS = 0.5", 2);
    await workbench.runCommand("RLM: Change Selection…");
    await workbench.fillPrompt("Change src/backoff.py:5-6", "Wait twice as long.");
    const first = workbench.previewedChange(/BASE_SECONDS.=.1\.0/u);
    await first.waitFor();
    await workbench.previewedChange(/delay.=.min\(2/u).waitFor();
    await picture("a change that waits");
    await file.waitForText("BASE_SECONDS = 0.5");
    // None is made before it is checked.
    await first.locator(".edit-checkbox").click();
    await workbench.applyPreview();
    await file.waitForText("BASE_SECONDS = 1.0");
    await file.waitForText("delay = min\\(CEILING_SECONDS");
    await file.selectLines("import random", 1);
    await workbench.press("Control+Z");
    await file.waitForText("BASE_SECONDS = 0.5");
    await file.close("backoff.py");
  });

  await step("a session answers one question at a time", async () => {
    await workbench.runCommand("RLM: Ask a Follow-up…");
    await workbench.answerPrompt("Follow up on", "Please hang");
    const answer = await workbench.editor("Please hang");
    await answer.waitForAction("Stop");
    await workbench.runCommand("RLM: Ask a Follow-up…");
    await workbench.waitForNotification("“Please hang” is still being answered");
    await picture("a busy session");
    await workbench.pressNotificationButton("“Please hang” is still being answered", "Stop");
    await answer.waitForText("Cancelled");
    await workbench.clearNotifications();
  });

  await step("a session ends with its last document", async () => {
    const ask = async (command, title, question, expected) => {
      await workbench.runCommand(command);
      await workbench.answerPrompt(title, question);
      const answer = await workbench.editor(question);
      await answer.waitForText(expected);
      return answer;
    };
    const first = await ask("RLM: Ask…", "Ask RLM about the workspace", "Please begin anew", "It has begun");
    const followUp = (question, expected) =>
      ask("RLM: Ask a Follow-up…", "Follow up on “Please begin anew”", question, expected);
    await (await followUp("Is it there?", "42 after 1")).close("Is it there?");
    // A tab that moves is closed in one place and opened in another.
    await workbench.runCommand("View: Move Editor into Previous Group");
    await (await followUp("Is it still there?", "42 after 2")).close("Is it still there?");
    const sessionOf = (question) => codeServer.requests("rlm/query").find((it) => it.query === question)?.sessionId;
    const ended = () => codeServer.requests("rlm/endSession").map((it) => it.sessionId);
    await eventually("the log has the last question", () => sessionOf("Is it still there?") !== undefined);
    const session = sessionOf("Please begin anew");
    assert.deepEqual([sessionOf("Is it there?"), sessionOf("Is it still there?")], [session, session]);
    assert.notEqual(session, sessionOf("Please begin"));
    assert.deepEqual(ended(), []);
    await first.close("Please begin anew");
    await eventually("the session has ended", () => ended().length > 0);
    assert.deepEqual(ended(), [session]);
  });

  await step("a wrong quotation is marked", async () => {
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace", "Please quote");
    const answer = await workbench.editor("Please quote");
    await answer.waitForText("src/queue\\.py:3 \\(missing\\)");
    await answer.waitForDots("src/queue.py:3");
  });

  await step("a run is stopped from its notification", async () => {
    // Longer than anything here waits, and a number that nobody else sleeps for, so that its process can be recognised.
    const seconds = `600.${process.pid}`;
    codeServer.configure({ ...settings, "rlm.model": `cli:sleep ${seconds}` });
    await eventually("the server has the new model", async () =>
      (await workbench.readDialog("RLM: Show Status")).includes(`cli:sleep ${seconds}`),
    );
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt("Ask RLM about the workspace", "Will this ever end?");
    const answer = await workbench.editor("Will this ever end");
    await answer.waitForText("Working:");
    await answer.waitForAction("Stop");
    await workbench.statusBarItem("RLM:").waitFor();
    await eventually("the model is called", () => processes("sleep", seconds).length === 1);
    await picture("a run in progress");
    await workbench.pressNotificationButton("Will this ever end?", "Cancel");
    await answer.waitForText("Cancelled");
    await workbench.waitForNoNotification("Will this ever end?");
    await eventually("the model's process has ended", () => processes("sleep", seconds).length === 0);
    await answer.waitForAction("Ask Again");
  });

  await step("a missing server is explained", async () => {
    codeServer.configure({ ...settings, "rlm.serverPath": join(scratch, "nowhere/rlm") });
    const message = `there is no program at ${join(scratch, "nowhere/rlm")}`;
    await workbench.waitForNotification(message);
    assert.deepEqual(await workbench.notificationButtons(message), ["Open Settings", "Show Log"]);
    await eventually("the old server has ended", () => processes(serverPath, "lsp").length === 0);
  });

  await step("a question is asked again once the server is there", async () => {
    codeServer.configure(settings);
    await eventually("the server runs", () => processes(serverPath, "lsp").length === 1);
    const cancelled = await workbench.editor("Will this ever end");
    await cancelled.askAgain("Will this ever end");
    await eventually("the new answer is there", async () => {
      const text = await (await workbench.editor("Will this ever end")).text();
      return /^# Will this ever end\?/u.test(text) && !/Working:|Cancelled/u.test(text);
    });
  });

  await step("a question about a real repository leads to the right line", async () => {
    await workbench.open(base, ownRepository, "src/lib.rs");
    await workbench.runCommand("RLM: Ask…");
    await workbench.answerPrompt(`Ask RLM about the workspace ${basename(ownRepository)}`, "Where are citations looked up?");
    const answer = await workbench.editor("Where are citations looked up");
    await answer.waitForAction("Ask Again");
    const link = await answer.follow(/src\/engine\/cite\.rs:\d/u);
    await workbench.waitForCursor("cite.rs", Number(/:(\d+)/u.exec(link)[1]));
    await (await workbench.editor("cite.rs")).waitForText("pub fn citations");
  });
} finally {
  await trial.end();
}
