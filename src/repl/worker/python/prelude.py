"""The names that a model's programs find, written in terms of the host calls.

This module lives apart from the programs' own namespace (`programs`), so that nothing of its inside shows there. It
runs once in the life of an interpreter: a function that a program has kept from an earlier question looks into the text
of the present one. For each question the worker sets `host_call`, `piece`, `count_tokens`, `printed`, `whole`, `shape`,
`file_ranges`, `own_tools`, `earlier`, `gives_json`, `fills_placeholders` and `extra_variables`, calls `lay_out`, sets
`variables`, and sees to it that each cell finds the names of `scaffold` whole.
`whole` is the text; what programs find as `context` is the same, or a value that is made of it.
"""

import collections.abc
import itertools
import json
import re
import sys

SOURCES = {}  # cell number -> its lines, for tracebacks
DISPLAY_LIMIT = 20_000
ERROR_LIMIT = 20_000
BATCH_CHARACTERS = 12_000_000  # of prompts that are handed over at once


class Final(BaseException):
    """Ends the cell, and with it the run: the program has called FINAL or FINAL_VAR."""


class CellTimeout(BaseException):
    """The cell ran longer than it may. Not an Exception, so that `except Exception` does not swallow it."""


class Row:
    """A result with named fields: `row.path`, `row["path"]` and `path, line, text = row` all work."""

    __slots__ = ("_fields",)

    def __init__(self, **fields):
        self._fields = fields

    def __getattr__(self, name):
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(self._fields)}") from None

    def __getitem__(self, key):
        if isinstance(key, str):
            if key not in self._fields:
                raise KeyError(f"{key!r}; the fields are {', '.join(self._fields)}")
            return self._fields[key]
        return list(self._fields.values())[key]

    def __iter__(self):
        return iter(self._fields.values())

    def __len__(self):
        return len(self._fields)

    def __contains__(self, key):
        return key in self._fields

    def __eq__(self, other):
        return isinstance(other, Row) and self._fields == other._fields

    def __hash__(self):
        return hash(tuple(self._fields.items()))

    def keys(self):
        return self._fields.keys()

    def values(self):
        return self._fields.values()

    def items(self):
        return self._fields.items()

    def get(self, key, default=None):
        return self._fields.get(key, default)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._fields.items())})"


class Match(Row):
    """A line that `grep` found: path, line, text."""

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Passage(Row):
    """A passage that `search` found: path, first_line, last_line, score, text."""

    def __str__(self):
        return f"{self.path}:{self.first_line}-{self.last_line} (score {self.score:.1f})\n{self.text}"


class Symbol(Row):
    """A definition in `outline`: name, kind, first_line, last_line, depth, signature."""

    def __str__(self):
        return f"{'  ' * self.depth}{self.kind} {self.name} ({self.first_line}-{self.last_line}): {self.signature}"


class Rows(list):
    """A list of rows that prints one row a line, and says when there were more."""

    more = False

    def __str__(self):
        lines = [str(row) for row in self]
        if self.more:
            lines.append(f"... and more than these {len(self)}")
        return "\n".join(lines) or "no results"

    __repr__ = __str__


class Files(collections.abc.Mapping):
    """Path -> text of the file, for every file of the context. Texts are views; nothing is copied."""

    def __init__(self, ranges):
        # A program may keep this for a question about another text.
        self._whole = whole
        self._ranges = {path: (start, end) for path, start, end in ranges}

    def __getitem__(self, path):
        try:
            start, end = self._ranges[path]
        except KeyError:
            raise KeyError(f"{path!r} is not one of the {len(self)} files; try [p for p in files if ...]") from None
        return self._whole[start:end]

    def __contains__(self, path):
        return path in self._ranges

    def __iter__(self):
        return iter(self._ranges)

    def __len__(self):
        return len(self._ranges)

    def __repr__(self):
        shown = ", ".join(repr(path) for path in itertools.islice(self._ranges, 20))
        left = len(self) - 20
        return f"<{len(self)} files: {shown}{f', ... and {left} more' if left > 0 else ''}>"


def value_of(text, kind):
    """An entry of a list or mapping."""
    if kind == "text":
        return text
    if kind == "json":
        return json.loads(text)
    return {"role": kind["message"]["role"], "content": text}


def shaped():
    """What the caller has given: the text, or a list or dict whose entries are its files."""
    if shape is None:
        return whole
    places = sorted(zip(shape["entries"], file_ranges), key=lambda both: both[0]["place"])
    values = {entry["key"]: value_of(whole[start:end], entry["kind"]) for entry, (_, start, end) in places}
    return list(values.values()) if shape["is_list"] else values


def text(value, what):
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    return value


def number(value, what):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    return value


def note(message):
    """Something that the model shall know beside what its program prints."""
    print(message)


def filled(prompt):
    """The prompt with `{name}` replaced by the program's own variable of that name, if that is a str."""
    if not fills_placeholders or "{" not in prompt:
        return prompt
    names = []

    def value(found):
        name = found[1]
        known = name in programs and name not in scaffold and name != "answer" and not name.startswith("_")
        if not known or not isinstance(programs[name], str):
            return found[0]
        if name not in names:
            names.append(name)
        return str(programs[name])

    result = re.sub(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", value, prompt)
    if names:
        note(f"[repair] {', '.join('{' + name + '}' for name in names)} in a prompt stood for the variable of that name")
    return result


def prompt_list(prompts):
    if isinstance(prompts, str):
        raise TypeError("prompts must be a list of str; for one prompt use the call that is not batched")
    return [filled(text(prompt, f"prompts[{place}]")) for place, prompt in enumerate(prompts)]


def model_name(model):
    return None if model is None else text(model, "model")


def batched(name, prompts, model):
    """Hands prompts over, in several parts if they are very long together."""
    prompts, answers = prompt_list(prompts), []
    part, size = [], 0
    for prompt in prompts:
        if part and size + len(prompt) > BATCH_CHARACTERS:
            answers += host_call(name, [part, model])
            part, size = [], 0
        part.append(prompt)
        size += len(prompt)
    return answers + host_call(name, [part, model]) if part else answers


def llm_query(prompt, model=None):
    """One plain call of the worker model -> its answer, or a text that begins with "Error:"."""
    return host_call("llm_query", [[filled(text(prompt, "prompt"))], model_name(model)])[0]


def llm_query_batched(prompts, model=None):
    """All prompts in parallel -> answers in the same order; a failure is a text "Error: ..." in its own slot."""
    return batched("llm_query", prompts, model_name(model))


def rlm_query(prompt, model=None):
    """A child run with a REPL of its own, whose `context` is the prompt -> its answer."""
    return host_call("rlm_query", [[filled(text(prompt, "prompt"))], model_name(model)])[0]


def rlm_query_batched(prompts, model=None):
    """Child runs in parallel -> answers in the same order; a failure is a text "Error: ..." in its own slot."""
    return batched("rlm_query", prompts, model_name(model))


def peek(start, end):
    """The characters start..end of the text."""
    return whole[start:end]


def peek_lines(start, end):
    """The lines start..end of the text, counted from 0, end exclusive."""
    return whole[slice(*host_call("peek_lines", [number(start, "start"), number(end, "end")]))]


def read(path, first_line=1, last_line=None):
    """The lines first_line..last_line of a file, counted from 1, both inclusive."""
    last = None if last_line is None else number(last_line, "last_line")
    return whole[slice(*host_call("read", [text(path, "path"), number(first_line, "first_line"), last]))]


def rows(kind, found):
    columns = found["columns"]
    result = Rows(kind(**dict(zip(columns, row))) for row in zip(*columns.values()))
    result.more = found["more"]
    return result


def grep(pattern, path=None, ignore_case=False, max_results=50):
    """Lines that match the regular expression, by ripgrep's engine -> rows of path, line, text."""
    where = None if path is None else text(path, "path")
    limit = number(max_results, "max_results")
    return rows(Match, host_call("grep", [text(pattern, "pattern"), where, bool(ignore_case), limit]))


def search(query, k=10):
    """The k passages that fit the words best (BM25) -> rows of path, first_line, last_line, score, text."""
    return rows(Passage, host_call("search", [text(query, "query"), number(k, "k")]))


def chunk(size, overlap=0, unit="characters"):
    """Pieces of the context of at most `size` characters (or "tokens") that end at structure or lines. Each is a str
    with `.start` and `.end`, its place in the context."""
    arguments = [number(size, "size"), number(overlap, "overlap"), text(unit, "unit")]
    return [piece(start, end) for start, end in host_call("chunk", arguments)]


def outline(path):
    """The definitions in a file -> rows of name, kind, first_line, last_line, depth, signature."""
    return rows(Symbol, host_call("outline", [text(path, "path")]))


def repo_map(tokens=2000, focus=None):
    """The most used definitions of all files, in at most so many tokens. `focus` is a path, a folder, a glob or a name, or
    a list of them, which the map begins with."""
    if focus is None:
        focus = []
    elif isinstance(focus, str):
        focus = [focus]
    return host_call("repo_map", [number(tokens, "tokens"), [text(entry, "focus") for entry in focus]])


def tokens(text):
    """About how many tokens a model makes of a text."""
    return count_tokens(text)


def peek_output(start=0, end=None, back=1):
    """The characters start..end of what an earlier program has printed; back=1 is the last one, 2 the one before it."""
    found = printed(number(back, "back"))
    if found is None:
        raise IndexError(f"there is no output {back} programs back; those of the last 8 are kept")
    kept, characters = found
    part = kept[start:end]
    if len(kept) < characters and (end is None or end > len(kept)):
        note(f"[only the first {len(kept)} of {characters} characters were kept]")
    return part


def own_tool(tool):
    """A tool of the person's own: a value, or a function that runs a command -> what it prints."""
    if tool["value"] is not None:
        return tool["value"]
    name, parameters = tool["name"], tool["parameters"]

    def call(*arguments, **named):
        if len(arguments) > len(parameters):
            raise TypeError(f"{name}() takes {len(parameters)} positional arguments but {len(arguments)} were given")
        given = dict(zip(parameters, arguments))
        for key in named:
            if key in given:
                raise TypeError(f"{name}() got multiple values for argument {key!r}")
        return host_call("tool", [name, {**given, **named}])

    call.__name__ = call.__qualname__ = name
    call.__doc__ = tool["description"]
    return call


def BUDGET():
    """What is left for the whole tree of runs: calls, tokens, cost, seconds, iterations, depth."""
    return host_call("budget", [])


def SHOW_VARS():
    """Names and types of the variables that the programs have made."""
    return dict(variables())


def answer_text(value):
    """The answer as a text. Where it is to be JSON, a value that is no str is written as that."""
    if gives_json and not isinstance(value, str):
        return json.dumps(value)
    return str(value)


def FINAL(value):
    """Ends the run with this answer."""
    state["final"] = answer_text(value)
    raise Final


def FINAL_VAR(name):
    """Ends the run with the value of the variable of this name."""
    if isinstance(name, str) and name in programs and name not in scaffold:
        FINAL(programs[name])
    if isinstance(name, str) and name.isidentifier():
        names = ", ".join(name for name, _ in variables()) or "none"
        raise NameError(f"there is no variable {name!r} to answer with; there are: {names}")
    FINAL(name)


FUNCTIONS = [llm_query, llm_query_batched, rlm_query, rlm_query_batched, peek, peek_lines, read, grep, search, chunk,
             outline, repo_map, tokens, peek_output, BUDGET, SHOW_VARS, FINAL, FINAL_VAR]
state = {"final": None}
scaffold = {}  # the names that the programs are given
hidden = {}  # what they have made under such a name before it was given


def lay_out():
    """Gives the programs the names of a question, in the place of those of the question before. What they have made
    stays, and comes back when its name is not given any more; an answer that they gave does not stay."""
    for name in ["answer", *scaffold]:
        programs.pop(name, None)
    programs.update(hidden)
    scaffold.clear()
    scaffold.update({function.__name__: function for function in FUNCTIONS})
    scaffold.update({tool["name"]: own_tool(tool) for tool in own_tools})
    scaffold.update(context=shaped(), files=Files(file_ranges), **extra_variables)
    if earlier:
        scaffold["history"] = [{"question": question, "answer": answer} for question, answer in earlier]
    hidden.clear()
    hidden.update({name: programs[name] for name in scaffold if name in programs})
    programs.update(scaffold)


def before_cell(cell, source):
    """Lays the answer out, if the last cell has left nothing that could be one."""
    SOURCES[cell] = source.split("\n")
    if not isinstance(programs.get("answer"), dict):
        programs["answer"] = {"content": "", "ready": False}
    state["final"] = None


def display(value):
    """Shows the value of a cell's last expression, as an interactive interpreter does."""
    if value is None:
        return
    if isinstance(value, str) and len(value) > DISPLAY_LIMIT:
        print(repr(value[:DISPLAY_LIMIT]), f"... + {len(value) - DISPLAY_LIMIT} characters")
    else:
        print(repr(value))


def after_cell(error):
    """What the cell came to: its error as a text, the answer if one is ready or a draft of it."""
    answer, draft = state.get("final"), None
    declared = programs.get("answer")
    if answer is None and isinstance(declared, dict):
        content = declared.get("content", "")
        if declared.get("ready"):
            answer = answer_text(content)
        elif content:
            draft = str(content)
    ended = error is None or isinstance(error, Final)
    return {"error": None if ended else shortened(describe(error)), "answer": answer, "draft": draft}


def shortened(error):
    """An error as far as anybody will see of it: an exception may hold whatever text there is."""
    half = ERROR_LIMIT // 2
    return error if len(error) <= ERROR_LIMIT else f"{error[:half]} ... {error[-half:]}"


def describe(error):
    lines = []
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and not isinstance(earlier, Final):
        lines.append(describe(earlier))
        lines.append("which led to:" if error.__cause__ is None else "which was the cause of:")
    entry = error.__traceback__
    shown = []
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_filename.startswith("<cell "):
            shown.append(frame_line(code.co_filename, entry.tb_lineno, code.co_name))
        entry = entry.tb_next
    if len(shown) > 12:
        shown[6:-6] = [f"  ... {len(shown) - 12} more calls"]
    if shown:
        lines.append("Traceback (most recent call last):")
        lines.extend(shown)
    if isinstance(error, SyntaxError):
        lines.append(f"  line {error.lineno}: {(error.text or '').strip()}")
        lines.append(f"{type(error).__name__}: {error.msg}")
    else:
        lines.append(summary(error))
    return "\n".join(lines)


def summary(error):
    try:
        message = str(error)
    except BaseException as second:
        message = f"<no message: {type(second).__name__}>"
    name = type(error).__name__
    return f"{name}: {message}" if message else name


def frame_line(file, line, function):
    place = f'  File "{file}", line {line}' + ("" if function == "<module>" else f", in {function}")
    source = SOURCES.get(int(file[6:-1]), [])
    if 1 <= line <= len(source):
        return f"{place}\n    {source[line - 1].strip()}"
    return place
