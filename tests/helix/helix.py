"""Helix, as a person uses it: keys are pressed, and the screen is looked at."""

import re

from terminal import Terminal

DOWN, ENTER, ESCAPE = "\x0e", "\r", "\x1b"


class Helix:
    def __init__(self, program, environment, file):
        self.terminal = Terminal([program, file], environment)
        self.terminal.wait_for("the file is open", lambda: self._status().startswith("NOR"))

    def kill(self):
        self.terminal.kill()

    def quit(self):
        self.terminal.type(":quit-all!" + ENTER)
        assert self.terminal.wait_for_end() == 0

    def type(self, keys):
        self.terminal.type(keys)

    def command(self, command):
        self.type(":" + command + ENTER)

    def server_command(self, name):
        """Has the server do it, once it has started: until then Helix knows of no commands."""
        while True:
            self.command(f"lsp-workspace-command {name}")
            said = self.terminal.wait_for("something is said", self.message)
            if "is not supported for any language server" not in said:
                return

    def text(self):
        """The lines of the document, as the screen shows them."""
        # Far behind a line may stand what a diagnostic says.
        shown = (re.match(r".. +\d+(?: .( {0,40}\S+(?: \S+)*)?|$)", line) for line in self.terminal.lines()[:-2])
        return [line[1] or "" for line in shown if line]

    def marked(self):
        """The numbers of the lines that have a mark of a diagnostic."""
        shown = (re.match(r"● +(\d+)", line) for line in self.terminal.lines()[:-2])
        return [int(line[1]) for line in shown if line]

    def line(self):
        """The number of the line of the cursor."""
        position = re.search(r"(\d+):\d+$", self._status())
        return position and int(position[1])

    def message(self):
        """What stands below the status line, if it is no command that is being typed."""
        said = self.terminal.lines()[-1]
        return said if said and not said.startswith(":") else None

    def wait_for_message(self, text):
        self.terminal.wait_for(f"a message says {text!r}", lambda: text in (self.message() or ""))

    def wait_for_marks(self, numbers):
        self.terminal.wait_for(f"marks at {numbers}", lambda: self.marked() == numbers)

    def wait_for_line(self, number):
        self.terminal.wait_for(f"the cursor is in line {number}", lambda: self.line() == number)

    def wait_for_lines(self, lines):
        """Waits until the document has these lines."""
        self.terminal.wait_for(f"the text is {lines}", lambda: self.text()[: len(lines)] == lines)

    def choose(self, title):
        """Chooses the code action whose title begins so."""
        titles = self._open_menu(title)
        above = next(number for number, it in enumerate(titles) if it.startswith(title))
        # The first one is selected already.
        self.type(DOWN * above + ENTER)

    def offered(self, title):
        """The titles of the code actions, one of which begins so."""
        titles = self._open_menu(title)
        self.type(ESCAPE)
        return titles

    def _open_menu(self, title):
        self.type(" a")

        def titles():
            shown = self._menu()
            return shown if any(it.startswith(title) for it in shown) else None

        return self.terminal.wait_for(f"{title!r} is offered", titles)

    def _menu(self):
        """The titles of the actions that are offered, from above."""
        rows = (re.search(r"(?:^| )((?:Ask RLM|RLM: ).*)", line) for line in self.terminal.lines()[:-1])
        return [row[1].rstrip() for row in rows if row]

    def _status(self):
        return self.terminal.lines()[-2].strip()
