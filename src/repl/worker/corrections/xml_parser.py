"""Corrects the parser behind `xml`: attributes come in the form that is asked for, names carry their name space, and what a
handler raises is raised. Texts that are no XML are refused.

Superfluous from RustPython 0.6.0 on (#8305 and after).
"""

import pyexpat

_create = pyexpat.ParserCreate


class Parser:
    """The interpreter's own parser, with handlers around the program's."""

    def __init__(self, *args, **options):
        set_ = object.__setattr__
        set_(self, "_native", _create(*args, **options))
        set_(self, "_separator", args[1] if len(args) > 1 else options.get("namespace_separator"))
        set_(self, "_spaces", [{"xml": "http://www.w3.org/XML/1998/namespace"}])
        set_(self, "_open", 0)
        set_(self, "_roots", 0)
        set_(self, "_raised", None)
        set_(self, "_handlers", {})
        set_(self, "ordered_attributes", False)
        self.StartElementHandler = None

    def __getattr__(self, name):
        return self._handlers[name] if name in self._handlers else getattr(self._native, name)

    def __setattr__(self, name, value):
        if name == "StartElementHandler":
            self._install(name, value, self._start)
            self._install("EndElementHandler", self._handlers.get("EndElementHandler"), self._end)
        elif name == "EndElementHandler":
            self._install(name, value, self._end)
        elif name.endswith("Handler"):
            self._install(name, value, lambda handler, *args: handler(*args))
        elif name == "ordered_attributes":
            object.__setattr__(self, name, bool(value))
        else:
            try:
                setattr(self._native, name, value)
            except AttributeError:
                object.__setattr__(self, name, value)

    def _install(self, name, handler, around):
        self._handlers[name] = handler

        def call(*args):
            if self._raised is None:
                try:
                    around(handler or (lambda *args: None), *args)
                except BaseException as error:
                    object.__setattr__(self, "_raised", error)

        setattr(self._native, name, call)

    def _start(self, handler, tag, attributes):
        object.__setattr__(self, "_roots", self._roots + (self._open == 0))
        object.__setattr__(self, "_open", self._open + 1)
        spaces = self._spaces[-1]
        if self._separator is not None:
            declared = {
                name.partition(":")[2]: uri for name, uri in attributes.items() if name.split(":")[0] == "xmlns"
            }
            spaces = {**spaces, **declared} if declared else spaces
            self._spaces.append(spaces)
            attributes = {
                self._expanded(name, spaces) if ":" in name else name: value
                for name, value in attributes.items()
                if name.split(":")[0] != "xmlns"
            }
            tag = self._expanded(tag, spaces)
        if self.ordered_attributes:
            attributes = [part for pair in attributes.items() for part in pair]
        handler(tag, attributes)

    def _end(self, handler, tag):
        object.__setattr__(self, "_open", self._open - 1)
        if self._separator is not None:
            tag = self._expanded(tag, self._spaces.pop())
        handler(tag)

    def _expanded(self, name, spaces):
        prefix, colon, local = name.rpartition(":")
        uri = spaces.get(prefix)
        return f"{uri}{self._separator}{local}" if uri else name

    def Parse(self, data, is_final=False):
        result = self._checked(self._native.Parse, data, is_final)
        if is_final:
            self._check_end()
        return result

    def ParseFile(self, file):
        result = self._checked(self._native.ParseFile, file)
        self._check_end()
        return result

    def _check_end(self):
        """The interpreter's own parser stops at what it does not understand, and says nothing."""
        if self._open or self._roots != 1:
            message, code = ("not well-formed", 4) if self._open else ("junk after document element", 9)
            if not self._roots:
                message, code = "no element found", 3
            error = pyexpat.error(message)
            error.code, error.lineno, error.offset = code, 1, 0
            raise error

    def _checked(self, parse, *args):
        result = parse(*args)
        if self._raised is not None:
            raised = self._raised
            object.__setattr__(self, "_raised", None)
            raise raised
        return result


pyexpat.ParserCreate = lambda *args, **options: Parser(*args, **options)
