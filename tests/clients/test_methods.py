"""Every method of the server, as clients with the capabilities of known editors call it."""

import ast
import os
import subprocess

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SERVER = os.environ["RLM_SERVER"]
README = "# Tea\n\nSee [the plan](doc/plan.md).\n"
HELIX = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "refactor.rewrite", "source"]}
            },
            "dataSupport": True,
            "disabledSupport": True,
            "isPreferredSupport": True,
            "resolveSupport": {"properties": ["edit", "command"]},
        },
        "publishDiagnostics": {"tagSupport": {"valueSet": [1, 2]}, "versionSupport": True},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "workspaceEdit": {
            "documentChanges": True,
            "failureHandling": "abort",
            "normalizesLineEndings": False,
            "resourceOperations": ["create", "rename", "delete"],
        },
    },
}


def capabilities(editor):
    """What an editor declares."""
    if editor == "helix":
        from lsprotocol.converters import get_converter

        return get_converter().structure(HELIX, lsp.ClientCapabilities)
    return client_capabilities(editor)


EDITORS = ["visual-studio-code", "emacs", "neovim@0.11", "neovim@0.7", "helix"]


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[SERVER, "lsp"]), params=EDITORS)
async def client(request, lsp_client: LanguageClient, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tea")
    (folder / "docs").mkdir()
    (folder / "docs/plan.md").write_text("# Plan\n")
    (folder / "README.md").write_text(README)
    (folder / "kettle.py").write_text("def boil(degrees):\n    return degrees\n\n\nboil(100)\n")
    subprocess.run(["git", "init", "-q", folder], check=True)
    lsp_client.folder = folder
    lsp_client.events = []

    @lsp_client.feature("rlm/event")
    def _(params):
        lsp_client.events.append(params)

    declared = capabilities(request.param)
    lsp_client.declared = declared
    lsp_client.set_configuration({"rlm": {"model": "extractive"}})
    result = await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=declared,
            root_uri=folder.as_uri(),
            workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), "tea")],
        )
    )
    lsp_client.offered = result.capabilities
    yield
    await lsp_client.shutdown_session()


async def ask(client, method, params=None):
    """The result of a method of the server's own."""
    return await client.protocol.send_request_async(method, params)


def pulls(client):
    refreshed = getattr(client.declared.workspace, "diagnostics", None)
    return client.declared.text_document.diagnostic is not None and bool(refreshed and refreshed.refresh_support)


async def diagnostics(client, uri):
    """What the client is told of a document, in the way that it wants."""
    if pulls(client):
        assert client.offered.diagnostic_provider is not None
        params = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(uri))
        return (await client.text_document_diagnostic_async(params)).items
    assert client.offered.diagnostic_provider is None
    if uri not in client.diagnostics:
        await client.wait_for_notification("textDocument/publishDiagnostics")
    return client.diagnostics[uri]


async def actions(client, uri, first, last, found=()):
    span = lsp.Range(lsp.Position(first, 0), lsp.Position(last, 0))
    params = lsp.CodeActionParams(
        lsp.TextDocumentIdentifier(uri), span, lsp.CodeActionContext(list(found), trigger_kind=lsp.CodeActionTriggerKind.Invoked)
    )
    return [restored(it) for it in await client.text_document_code_action_async(params) or []]


def restored(action):
    """An action with a command, which lsprotocol 2025.0.0 takes for a bare command and makes a text of."""
    if isinstance(action, lsp.Command):
        command = ast.literal_eval(action.command)
        return lsp.CodeAction(action.title, command=lsp.Command(**command))
    return action


async def execute(client, command, *arguments):
    params = lsp.ExecuteCommandParams(command, list(arguments))
    return await client.workspace_execute_command_async(params)


@pytest.mark.asyncio
async def test_questions(client: LanguageClient):
    answer = await ask(client, "rlm/query", {"query": "who uses boil?", "queryId": "q", "sessionId": "s"})
    assert "kettle.py:5" in answer.answer and answer.queryId == "q"
    assert [event.seq for event in client.events] == list(range(len(client.events)))
    assert client.events[-1].kind == "done"
    follow_up = await ask(client, "rlm/query", {"query": "where is the plan?", "sessionId": "s"})
    assert "plan" in follow_up.answer
    preview = await ask(client, "rlm/preview", {"query": "what is this?"})
    assert preview.model == "extractive" and "the whole text" in preview.text
    status = await ask(client, "rlm/status")
    assert status.model == "extractive" and status.runs == []
    assert (await ask(client, "rlm/cancel", {"queryId": "q"})).cancelled is False
    assert (await ask(client, "rlm/sessions")).sessions == []
    assert (await ask(client, "rlm/endSession", {"sessionId": "s"})).ended is True
    assert (await ask(client, "rlm/runs")).runs == []
    with pytest.raises(JsonRpcException, match="left no trace"):
        await ask(client, "rlm/transcript", {"queryId": "q"})
    with pytest.raises(JsonRpcMethodNotFound):
        await ask(client, "rlm/nothing", {})


@pytest.mark.asyncio
async def test_reviews(client: LanguageClient):
    uri = (client.folder / "README.md").as_uri()
    client.text_document_did_open(
        lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "markdown", 1, README))
    )
    review = await ask(client, "rlm/review", {"scope": {"kind": "workspace"}})
    assert [finding.rule for finding in review.findings] == ["dead-link"]
    [found] = await diagnostics(client, uri)
    assert (found.source, found.code, found.range.start.line) == ("rlm", "dead-link", 2)
    offered = await actions(client, uri, 2, 2, [found])
    fix = next(it for it in offered if it.edit is not None or it.data is not None)
    if fix.edit is None:
        # The client has said that it asks for the edit when the action is chosen.
        assert client.offered.code_action_provider.resolve_provider
        fix = await client.code_action_resolve_async(fix)
    changes = fix.edit.document_changes or fix.edit.changes
    assert changes and fix.kind == "quickfix"
    dismiss = next(it for it in offered if it.command and it.command.command == "rlm.dismiss")
    assert (await execute(client, dismiss.command.command, *dismiss.command.arguments))["dismissed"]
    again = await ask(client, "rlm/review", {})
    assert again.findings == [] and len(again.dismissed) == 1
    assert await execute(client, "rlm.clearFindings") == {"cleared": 0}


@pytest.mark.asyncio
async def test_commands_and_actions(client: LanguageClient):
    uri = (client.folder / "kettle.py").as_uri()
    text = (client.folder / "kettle.py").read_text()
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "python", 1, text)))
    offered = await actions(client, uri, 0, 2)
    assert [it.title for it in offered][:2] == ["Ask RLM about this", "RLM: who uses boil?"]
    started = await execute(client, "rlm.review", {"scope": {"kind": "file", "uri": uri}})
    assert started["status"] == "started"
    started = await execute(client, offered[1].command.command, *offered[1].command.arguments)
    assert started["status"] == "started"
    assert (await execute(client, "rlm.status"))["model"] == "extractive"
    assert "cancelled" in await execute(client, "rlm.cancel")
