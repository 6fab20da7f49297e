#!/usr/bin/env python3
"""Takes the terminal away from an Emacs that is connected to a server, and checks that both end.

usage: hangup.py EMACS RLM_PROGRAM DIRECTORY_OF_RLM_EL
"""

import contextlib
import os
import pty
import select
import signal
import sys
import tempfile
import time

# Seconds for anything that is to happen: what does not happen here never would.
PATIENCE = 30

PROGRAM = r"""
(progn
  (setq rlm-command '(%(server)s "lsp")
        rlm-options '(:model "extractive"))
  (rlm-query "Where is the kettle?")
  (run-with-timer 0.1 0.1
    (lambda ()
      (unless rlm--runs
        (write-region (number-to-string (process-id (rlm--server-process rlm--server)))
                      nil "server.new" nil 'quiet)
        (rename-file "server.new" "server")))))
"""


def lisp_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def drain(terminal):
    """Reads what the screen is sent, so that nobody waits for it to be read."""
    while select.select([terminal], [], [], 0)[0]:
        try:
            if not os.read(terminal, 65536):
                return
        except OSError:
            return


def wait_for(what, condition, terminal=None):
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value is not None:
            return value
        if time.monotonic() > deadline:
            raise SystemExit(f"within {PATIENCE} s: {what}")
        if terminal is not None:
            drain(terminal)
        time.sleep(0.05)


def server_id():
    with contextlib.suppress(FileNotFoundError), open("server", encoding="ascii") as file:
        return int(file.read())
    return None


def ended(process):
    """True for a child that has ended."""
    return True if os.waitpid(process, os.WNOHANG)[0] else None


def gone(process):
    """True for a process that is no more, or only waits to be collected."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return True if state == "Z" else None


def main(emacs, server, library):
    with tempfile.TemporaryDirectory() as project:
        os.chdir(project)
        with open("a.txt", "w", encoding="utf-8") as file:
            file.write("The kettle boils.\n")
        program = PROGRAM % {"server": lisp_string(server)}
        arguments = [emacs, "-Q", "-nw", "-L", library, "-l", "rlm", "--eval", program]
        child, terminal = pty.fork()
        if child == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(emacs, arguments)
        started = [child]
        try:
            started.append(wait_for("the question is answered", server_id, terminal))
            # With this the kernel sends SIGHUP, and the terminal cannot be read or written any more.
            os.close(terminal)
            wait_for("Emacs has ended", lambda: ended(child))
            started.remove(child)
            wait_for("the server has ended", lambda: gone(started[0]))
            started.clear()
        finally:
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
