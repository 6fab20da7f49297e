-- A day with the language server in Neovim, by what every Neovim from 0.7 on has. Ends with 1 if something is not as it should be.

local function start()
  local ready = false
  local id = vim.lsp.start_client({
    name = "rlm",
    cmd = { vim.env.RLM_SERVER, "lsp" },
    root_dir = vim.fn.getcwd(),
    on_init = function() ready = true end,
  })
  assert(vim.wait(20000, function() return ready end, 20), "the server does not start")
  vim.lsp.buf_attach_client(0, id)
  return vim.lsp.get_client_by_id(id)
end

local function stop(client)
  client.stop()
  assert(vim.wait(20000, function() return client.is_stopped() end, 20), "the server does not end")
end

local function execute(client, command, argument)
  local params = { command = command, arguments = argument and { argument } or {} }
  local reply = client.request_sync("workspace/executeCommand", params, 20000, 0)
  assert(reply and not reply.err, vim.inspect(reply))
  return reply.result
end

-- What the server says as a message.
local said = {}
vim.lsp.handlers["window/showMessage"] = function(_, params) table.insert(said, params.message) end

local function await_message(pattern)
  local function heard()
    for _, message in ipairs(said) do
      if message:find(pattern) then return true end
    end
  end
  assert(vim.wait(20000, heard, 20), "no message has " .. pattern .. ": " .. vim.inspect(said))
  said = {}
end

local function diagnostics() return vim.diagnostic.get(0) end

local function await_diagnostics(count)
  assert(vim.wait(20000, function() return #diagnostics() == count end, 20), vim.inspect(diagnostics()))
end

local function actions(client, line)
  local params = vim.lsp.util.make_given_range_params({ line, 0 }, { line, 0 })
  params.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics and vim.lsp.diagnostic.get_line_diagnostics(0, line - 1) or {} }
  local reply = client.request_sync("textDocument/codeAction", params, 20000, 0)
  assert(reply and not reply.err, vim.inspect(reply))
  return reply.result or {}
end

local function action(client, line, title)
  for _, it in ipairs(actions(client, line)) do
    if it.title:find(title, 1, true) then return it end
  end
  error("no action " .. title .. ": " .. vim.inspect(actions(client, line)))
end

local function session()
  vim.cmd("edit README.md")
  local client = start()

  -- A review shows its findings, and says how many there are.
  execute(client, "rlm.review")
  await_message("1 finding; read 3 files")
  await_diagnostics(1)
  local finding = diagnostics()[1]
  assert(finding.source == "rlm" and finding.lnum == 2, vim.inspect(finding))
  assert(finding.message:find("leads nowhere"), finding.message)

  -- Jumping goes to it, and an edit above moves it.
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.diagnostic.goto_next({ float = false })
  assert(vim.api.nvim_win_get_cursor(0)[1] == 3)
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "<!-- new -->" })
  assert(vim.wait(20000, function() return #diagnostics() == 1 and diagnostics()[1].lnum == 3 end, 20), "it does not move")

  -- The fix changes the line, the finding goes, and an undo brings both back.
  local fix = action(client, 4, "link to")
  -- What a person does one after the other can be undone one after the other; in a script that has to be said.
  vim.cmd("let &undolevels = &undolevels")
  vim.lsp.util.apply_workspace_edit(fix.edit, client.offset_encoding)
  assert(vim.api.nvim_buf_get_lines(0, 3, 4, false)[1] == "See [the plan](docs/plan.md).")
  await_diagnostics(0)
  vim.cmd("undo")
  assert(vim.api.nvim_buf_get_lines(0, 3, 4, false)[1] == "See [the plan](doc/plan.md).")
  await_diagnostics(1)

  -- An explanation comes without a model.
  execute(client, "rlm.query", action(client, 4, "explain this finding").command.arguments[1])
  await_message("plan")

  -- What is dismissed stays so after a restart.
  local dismiss = action(client, 4, "it is meant to be so").command
  assert(execute(client, dismiss.command, dismiss.arguments[1]).dismissed)
  await_diagnostics(0)
  stop(client)
  client = start()
  execute(client, "rlm.review")
  await_message("No findings; read .*1 dismissed")
  await_diagnostics(0)

  -- Custom methods, and what there is not.
  local reply = client.request_sync("rlm/query", { query = "who uses boil?" }, 20000, 0)
  assert(reply.result and reply.result.answer:find("kettle.py:5"), vim.inspect(reply))
  reply = client.request_sync("rlm/nothing", {}, 20000, 0)
  assert(reply.err and reply.err.code == -32601, vim.inspect(reply))
  stop(client)
end

local ok, problem = pcall(session)
if not ok then
  print("FAIL " .. tostring(problem))
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
