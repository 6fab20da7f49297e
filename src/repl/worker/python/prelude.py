"""What the names that a model's programs find are made of.

The functions themselves, the classes of rows and the list `FUNCTIONS` follow: the engine writes them from its table of host
functions, in terms of what stands here.

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


class Rows(list):
    """A list of rows that prints one row a line, and says when there were more."""

    more = False
    note = None  # what is known of all of them together

    def __str__(self):
        lines = [str(row) for row in self]
        if self.more:
            lines.append(f"... and more than these {len(self)}")
        if self.note and lines:
            lines.append(self.note)
        return "\n".join(lines) or "no results"

    __repr__ = __str__


class Files(collections.abc.Mapping):
    """Path -> text of the file, for every file of the context. Texts are views; nothing is copied."""

    def __init__(self, ranges):
        # A program may keep this for a question about another text.
        self._whole = whole
        self._ranges = ranges

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
    places = sorted(zip(shape["entries"], file_ranges.values()), key=lambda both: both[0]["place"])
    values = {entry["key"]: value_of(whole[start:end], entry["kind"]) for entry, (start, end) in places}
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


def prompt_list(prompts, most):
    if isinstance(prompts, str):
        raise TypeError("prompts must be a list of str; for one prompt use the call that is not batched")
    # Before each is looked at, which takes long.
    if isinstance(prompts, (list, tuple)) and len(prompts) > most:
        raise ValueError(f"{len(prompts)} prompts are too many for one call; the most is {most}")
    return [filled(text(prompt, f"prompts[{place}]")) for place, prompt in enumerate(prompts)]


def texts(value, what):
    """A text, or a list of texts, as a list."""
    if value is None:
        return []
    return [text(entry, what) for entry in ([value] if isinstance(value, str) else value)]


def batched(name, prompts, model, behind):
    """Hands prompts over, each with the text that goes behind it, in several parts if they are very long together."""
    answers, part, size = [], [], 0
    for prompt in prompts:
        if behind is not None:
            prompt = f"{prompt}\n\n{behind}"
        if part and size + len(prompt) > BATCH_CHARACTERS:
            answers += host_call(name, [part, model])
            part, size = [], 0
        part.append(prompt)
        size += len(prompt)
    return answers + host_call(name, [part, model]) if part else answers


def rows(kind, found):
    columns = found["columns"]
    result = Rows(kind(**dict(zip(columns, row))) for row in zip(*columns.values()))
    result.more, result.note = found["more"], found.get("note")
    for name, value in found.get("known", {}).items():
        setattr(result, name, value)
    return result


def printed_part(start, end, back):
    """Characters of what an earlier program has printed."""
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


def answer_text(value):
    """The answer as a text: that of `answer` is its content. Where it is to be JSON, a value that is no str is written as
    that."""
    if isinstance(value, dict) and set(value) == {"content", "ready"}:
        value = value["content"]
    if gives_json and not isinstance(value, str):
        return json.dumps(value)
    return str(value)


def final(value):
    if value is None and not gives_json:
        raise ValueError('None is no answer: look at what the program has found; if it is the word, FINAL("None")')
    answer = answer_text(value)
    if not answer.strip():
        raise ValueError("the answer is empty: answer in words, and if there is nothing to find, say so")
    state["final"] = answer
    raise Final


def final_variable(name):
    if isinstance(name, str) and name in programs and name not in scaffold:
        final(programs[name])
    if isinstance(name, str) and name.isidentifier():
        names = ", ".join(name for name, _ in variables()) or "none"
        raise NameError(f"there is no variable {name!r} to answer with; there are: {names}")
    final(name)


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
