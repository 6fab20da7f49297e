"""Takes the place of `csv.reader`.

The interpreter's own reads each line for itself, so that a quoted field ends with its line, takes an empty line that ends
with a carriage return for the end of everything, and strips more than the space at the beginning of a field.

Superfluous from RustPython 0.6.0 on (#8381).
"""

import _csv
import re

_native_reader = _csv.reader
_NEWLINE = re.compile(r"[\r\n]")


class Reader:
    """The rows of an iterable of lines."""

    def __init__(self, lines, dialect="excel", **options):
        self.line_num = 0
        self._lines = iter(lines)
        self.dialect = dialect = _native_reader((), dialect, **options).dialect
        self._delimiter = dialect.delimiter
        self._quote = None if dialect.quoting == _csv.QUOTE_NONE else dialect.quotechar
        self._escape = dialect.escapechar
        self._space = " " if dialect.skipinitialspace else ""
        special = re.escape(self._delimiter + (self._escape or ""))
        # What goes on without anything special: in a field, and between quotation marks.
        self._plain = re.compile(f"[^{special}\r\n]*")
        if self._quote:
            self._quoted = re.compile(f"[^{re.escape(self._quote + (self._escape or ''))}]*")

    def __iter__(self):
        return self

    def __next__(self):
        line = self._next_line()
        body = line.rstrip("\r\n")
        is_plain = not (self._quote and self._quote in line or self._escape and self._escape in line)
        if is_plain and not _NEWLINE.search(body):
            fields = body.split(self._delimiter) if body else []
            if self._space:
                fields = [field.lstrip(" ") for field in fields]
            return [self._value(field, False) for field in fields]
        return self._row(line)

    def _next_line(self):
        line = next(self._lines)
        if not isinstance(line, str):
            kind = type(line).__name__
            raise _csv.Error(f"iterator should return strings, not {kind} (the file should be opened in text mode)")
        self.line_num += 1
        return line

    def _row(self, line):
        fields, at = [], 0
        while True:
            while self._space and line.startswith(self._space, at):
                at += 1
            was_quoted = self._quote is not None and line.startswith(self._quote, at)
            parts = []
            if was_quoted:
                line, at = self._quoted_part(line, at + 1, parts)
            at = self._plain_part(line, at, parts)
            fields.append(self._value("".join(parts), was_quoted))
            if not line.startswith(self._delimiter, at):
                break
            at += 1
        if line[at:].strip("\r\n"):
            raise _csv.Error(
                "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?"
            )
        return fields if fields != [""] or line[:1] not in "\r\n" else []

    def _plain_part(self, line, at, parts):
        """Goes on to the end of the field."""
        while True:
            run = self._plain.match(line, at)
            parts.append(run.group())
            at = run.end()
            if not self._escape or not line.startswith(self._escape, at):
                return at
            parts.append(line[at + 1 : at + 2])
            at += 2

    def _quoted_part(self, line, at, parts):
        """Goes on to what stands behind the closing quotation mark, maybe some lines later."""
        while True:
            run = self._quoted.match(line, at)
            parts.append(run.group())
            at = run.end()
            if at >= len(line):
                try:
                    line, at = self._next_line(), 0
                except StopIteration:
                    if self.dialect.strict:
                        raise _csv.Error("unexpected end of data") from None
                    return line, at
            elif line[at] == self._escape:
                parts.append(line[at + 1 : at + 2])
                at += 2
            elif self.dialect.doublequote and line.startswith(self._quote, at + 1):
                parts.append(self._quote)
                at += 2
            else:
                at += 1
                if self.dialect.strict and line[at : at + 1] not in ("", self._delimiter, "\r", "\n"):
                    raise _csv.Error(f"'{self._delimiter}' expected after '{self._quote}'")
                return line, at

    def _value(self, field, was_quoted):
        if len(field) > _csv.field_size_limit():
            raise _csv.Error(f"field larger than field limit ({_csv.field_size_limit()})")
        if self.dialect.quoting == _csv.QUOTE_NONNUMERIC and field and not was_quoted:
            return float(field)
        return field


def reader(lines, dialect="excel", **options):
    return Reader(lines, dialect, **options)


_csv.reader = reader
