"""A program on a terminal: what is typed goes to it, and what it draws can be read."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

# Seconds for anything that is to happen: what does not happen here never would.
PATIENCE = 60

ROWS, COLUMNS = 40, 140


class Terminal:
    def __init__(self, command, environment):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._process, self._file = pty.fork()
        if self._process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execvpe(command[0], command, environment)

    def type(self, keys):
        os.write(self._file, keys.encode())

    def lines(self):
        """What is on the screen now."""
        self._read(0)
        return [line.rstrip() for line in self.screen.display]

    def wait_for(self, what, condition):
        """Waits until `condition` returns something else than None or False, and returns that."""
        deadline = time.monotonic() + PATIENCE
        while True:
            value = condition()
            if value is not None and value is not False:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"within {PATIENCE} s: {what}; the screen is\n" + "\n".join(self.lines()))
            self._read(0.05)

    def wait_for_text(self, text):
        self.wait_for(f"the screen shows {text!r}", lambda: any(text in line for line in self.lines()))

    def wait_for_end(self):
        """Waits until the program has ended, and returns its exit status."""

        def ended():
            process, status = os.waitpid(self._process, os.WNOHANG)
            return (status,) if process else None

        (status,) = self.wait_for("the program ends", ended)
        self._process = None
        os.close(self._file)
        return os.waitstatus_to_exitcode(status)

    def kill(self):
        """Ends the program, if it has not ended."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            os.close(self._file)
            self._process = None

    def _read(self, seconds):
        """Takes in what the program draws, for which it has so many seconds to begin."""
        with contextlib.suppress(OSError):
            while select.select([self._file], [], [], seconds)[0]:
                drawn = os.read(self._file, 65536)
                if not drawn:
                    return
                self._stream.feed(drawn)
                seconds = 0
