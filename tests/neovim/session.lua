-- A day with the language server in Neovim, by what every Neovim from 0.7 on has. Ends with 1 if something is not as it
-- should be.

-- Milliseconds for anything that is to happen: what does not happen here never would.
local PATIENCE = 60000

local function wait_for(what, condition)
  if vim.wait(PATIENCE, condition, 20) then return end
  error("it does not happen: " .. (type(what) == "function" and what() or what), 2)
end

local function start(options)
  local ready = false
  local id = vim.lsp.start_client({
    name = "rlm",
    cmd = { vim.env.RLM_SERVER, "lsp" },
    root_dir = vim.fn.getcwd(),
    init_options = options,
    on_init = function() ready = true end,
  })
  wait_for("the server starts", function() return ready end)
  vim.lsp.buf_attach_client(0, id)
  return vim.lsp.get_client_by_id(id)
end

local function stop(client)
  client.stop()
  wait_for("the server ends", function() return client.is_stopped() end)
end

-- Of the buffer that is given it tells what has changed in it before it asks; 0 is none.
local function request(client, method, params)
  return client.request_sync(method, params, PATIENCE, vim.api.nvim_get_current_buf())
end

-- What the server has said since it was last asked to do something.
local said = {}
vim.lsp.handlers["window/showMessage"] = function(_, params) table.insert(said, params.message) end

local function execute(client, command, argument)
  said = {}
  local params = { command = command, arguments = argument and { argument } or {} }
  local reply = request(client, "workspace/executeCommand", params)
  assert(reply and not reply.err, vim.inspect(reply))
  return reply.result
end


local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

-- Waits until the server has said something that matches, and returns what does.
local function await_message(pattern)
  local found
  local function is_there()
    for _, message in ipairs(said) do
      found = found or message:match(pattern)
    end
    return found
  end
  wait_for(function() return pattern .. " is said: " .. vim.inspect(said) end, is_there)
  return found
end

-- Waits until the server has shown a document that matches, or has said it where documents cannot be shown, and goes
-- back.
local function await_shown(pattern, file)
  if vim.lsp.protocol.make_client_capabilities().window.showDocument.support then
    local function is_there()
      return vim.fn.bufnr("%") ~= vim.fn.bufnr(file) and table.concat(lines(), "\n"):find(pattern)
    end
    wait_for(function() return pattern .. " is shown: " .. vim.inspect(lines()) end, is_there)
    vim.cmd("buffer " .. file)
  else
    await_message(pattern)
  end
end

local function diagnostics() return vim.diagnostic.get(0) end

local function await_diagnostics(count)
  local function what() return count .. " diagnostics: " .. vim.inspect(diagnostics()) end
  wait_for(what, function() return #diagnostics() == count end)
end

-- Chooses a code action as a person does: from the list that is shown for a line, or for several that are selected.
local function choose(title, first, last)
  said = {}
  local shown
  local select = vim.ui.select
  vim.ui.select = function(items, options, on_choice)
    shown = {}
    for number, item in ipairs(items) do
      table.insert(shown, (options.format_item(item)))
      if shown[number]:find(title, 1, true) then
        shown.chosen = number
        return on_choice(item, number)
      end
    end
  end
  vim.api.nvim_win_set_cursor(0, { first, 0 })
  if not last then
    vim.lsp.buf.code_action()
  elseif vim.lsp.buf.range_code_action then
    vim.lsp.buf.range_code_action(nil, { first, 0 }, { last, 0 })
  else
    vim.lsp.buf.code_action({ range = { start = { first, 0 }, ["end"] = { last, 0 } } })
  end
  wait_for("actions are offered, among them " .. title, function() return shown end)
  vim.ui.select = select
  assert(shown.chosen, "no action " .. title .. ": " .. vim.inspect(shown))
end

-- The titles of what is offered at a line.
local function titles(client, line)
  local params = vim.lsp.util.make_given_range_params({ line, 0 }, { line, 0 })
  params.context = { diagnostics = {} }
  local reply = request(client, "textDocument/codeAction", params)
  assert(reply and not reply.err, vim.inspect(reply))
  return vim.tbl_map(function(action) return action.title end, reply.result or {})
end

-- What a person does one after the other can be undone one after the other; in a script that has to be said.
local function between_edits() vim.cmd("let &undolevels = &undolevels") end

local function findings()
  vim.cmd("edit README.md")
  local client = start()

  -- A review shows its findings, and says how many there are.
  execute(client, "rlm.review")
  await_message("2 findings; read 5 files")
  await_diagnostics(2)
  local finding = diagnostics()[1]
  assert(finding.source == "rlm" and finding.lnum == 2, vim.inspect(finding))
  assert(finding.message:find("leads nowhere"), finding.message)

  -- Jumping goes to it, and an edit above moves it.
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.diagnostic.goto_next({ float = false })
  assert(vim.api.nvim_win_get_cursor(0)[1] == 3)
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "<!-- new -->" })
  wait_for("it moves", function() return #diagnostics() == 2 and diagnostics()[1].lnum == 3 end)

  -- The fix changes the line, the finding goes, and an undo brings both back.
  between_edits()
  choose("link to", 4)
  -- A client that can asks for the edit only then.
  wait_for("the link is mended", function() return lines()[4] == "See [the plan](docs/plan.md)." end)
  await_diagnostics(1)
  vim.cmd("undo")
  assert(lines()[4] == "See [the plan](doc/plan.md).")
  await_diagnostics(2)

  -- An explanation comes without a model.
  choose("explain this finding", 4)
  await_shown("The selection is `README.md:4`", "README.md")

  -- What is dismissed stays so after a restart.
  choose("it is meant to be so", 4)
  await_diagnostics(1)
  stop(client)
  client = start()
  execute(client, "rlm.review")
  await_message("1 finding; read .*1 dismissed")
  await_diagnostics(1)

  -- Custom methods, and what there is not.
  local reply = request(client, "rlm/query", { query = "who uses boil?" })
  assert(reply.result and reply.result.answer:find("kettle.py:5"), vim.inspect(reply))
  reply = request(client, "rlm/nothing", {})
  assert(reply.err and reply.err.code == -32601, vim.inspect(reply))
  stop(client)
end

local function changes()
  vim.cmd("edit! mean.py")
  local before = lines()
  local client = start({ model = "cli:cat " .. vim.env.RLM_TEST_REPLY })

  -- What a model proposes is shown, and nothing is changed.
  choose("document this", 1, 6)
  local query = await_message([["queryId": "([^"]+)"]])
  await_shown("%+    return sum.* if items else 0\n", "mean.py")
  assert(vim.deep_equal(lines(), before))

  -- One change of two is made, and an undo takes it back.
  between_edits()
  choose("make change 2 of 2", 6)
  wait_for("it is made", function() return lines()[6] == before[6] .. " if items else 0" end)
  assert(lines()[2] == before[2])
  vim.cmd("undo")
  assert(vim.deep_equal(lines(), before))

  -- Where its lines have moved it is made there.
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "# new" })
  choose("make change 2 of 2", 7)
  wait_for("it is made", function() return lines()[7] == before[6] .. " if items else 0" end)

  -- Where they have changed it is offered no more, and refused.
  vim.api.nvim_buf_set_lines(0, 2, 3, false, { "    return 0" })
  before = lines()
  for _, title in ipairs(titles(client, 3)) do assert(not title:find("make"), title) end
  local params = { command = "rlm.applyEdit", arguments = { { queryId = query, hunks = { 0 } } } }
  local reply = request(client, "workspace/executeCommand", params)
  assert(reply.err and reply.err.message:find("does not fit the text as it is now"), vim.inspect(reply))
  assert(vim.deep_equal(lines(), before))
  stop(client)
end

local ok, problem = pcall(function()
  findings()
  changes()
end)
if not ok then
  print("FAIL " .. tostring(problem))
  vim.cmd("cquit 1")
end
vim.cmd("qall!")
