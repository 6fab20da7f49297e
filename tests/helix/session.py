"""A day with the language server in Helix: review, jump, fix, undo, explain, dismiss, restart; a change by a model.

usage: session.py HELIX RLM_PROGRAM HOME
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from helix import Helix

SHARED = Path(__file__).parent.parent / "editors"
REPLY = (SHARED / "reply").read_text()
README, MEAN = ((SHARED / "tea" / name).read_text().splitlines() for name in ("README.md", "mean.py"))

# What the model writes of another file.
REPLY_ELSEWHERE = """Water boils later.

kettle.py
<<<<<<< SEARCH
    return degrees
=======
    return degrees + 1
>>>>>>> REPLACE
"""

# As a person sets it up: the server, and the languages that it is for.
LANGUAGES = """
[language-server.rlm]
command = {program}
args = ["lsp"]
{config}

[[language]]
name = "markdown"
language-servers = ["rlm"]

[[language]]
name = "python"
language-servers = ["rlm"]
"""


class Day:
    def __init__(self, helix, program, home):
        self.helix, self.program, self.home = helix, program, Path(home)
        self.folder = self.home / "tea"
        shutil.copytree(SHARED / "tea", self.folder)
        subprocess.run(["git", "init", "--quiet", self.folder], check=True)

    def open(self, file, reply):
        """Opens the file, with a model that writes this reply, or with none."""
        (self.home / "reply").write_text(reply or "")
        config = "config = {{ model = {} }}".format(json.dumps(f"cli:cat {self.home}/reply")) if reply else ""
        settings = self.home / "helix" / "languages.toml"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(LANGUAGES.format(program=json.dumps(self.program), config=config))
        os.chdir(self.folder)
        environment = dict(os.environ, HOME=str(self.home), XDG_CONFIG_HOME=str(self.home), TERM="xterm-256color")
        environment.update(XDG_CACHE_HOME=str(self.home / "cache"), LANG="C.UTF-8")
        return Helix(self.helix, environment, file)


def findings(day, helix):
    helix.server_command("rlm.review")
    helix.wait_for_message("RLM: 2 findings; read 5 files")
    helix.wait_for_marks([3, 4])

    # Jumping goes to them, and an edit above moves them.
    helix.type("]d")
    helix.wait_for_line(3)
    helix.terminal.wait_for_text("The link to `doc/plan.md` leads nowhere")
    helix.type("]d")
    helix.wait_for_line(4)
    helix.type("ggO<!-- new -->\x1b")
    helix.wait_for_marks([4, 5])
    helix.type("u")
    helix.wait_for_marks([3, 4])

    # A fix changes its line and no other one, its finding goes, and one undo brings both back.
    helix.type("3G")
    helix.choose("RLM: link to `docs/plan.md`")
    helix.wait_for_lines([*README[:2], "See [the plan](docs/plan.md).", README[3]])
    helix.wait_for_marks([4])
    helix.type("u")
    helix.wait_for_lines(README)
    helix.wait_for_marks([3, 4])

    # An explanation comes without a model, as a document.
    helix.choose("RLM: explain this finding")
    helix.terminal.wait_for_text("The selection is `README.md:3`:")
    helix.type("ga")
    helix.wait_for_lines(README)
    helix.choose("RLM: show what speaks for this finding")
    helix.wait_for_lines(["# The link to `doc/plan.md` leads nowhere"])
    helix.type("ga")
    helix.wait_for_lines(README)

    helix.choose("RLM: dismiss this finding: it is meant to be so")
    helix.wait_for_marks([4])
    assert (day.folder / "README.md").read_text().splitlines() == README
    dismissed = (day.folder / ".rlm" / "dismissed.json").read_text()
    assert "it is meant to be so" in dismissed, dismissed


def findings_after_a_restart(_day, helix):
    helix.server_command("rlm.review")
    helix.wait_for_message("RLM: 1 finding; read")
    helix.wait_for_message("1 dismissed")
    helix.wait_for_marks([4])


def changes(day, helix):
    # What a model proposes is shown, and nothing is changed.
    helix.type("%")
    helix.choose("RLM: document this")
    helix.terminal.wait_for_text("+    return max(items) - min(items) if items else 0")
    helix.wait_for_message("RLM: Nothing is changed yet")
    helix.type("ga")
    helix.wait_for_lines(MEAN)

    # One change of two is made, and one undo takes it back.
    helix.type("6G")
    helix.choose("RLM: make change 2 of 2")
    helix.wait_for_lines([*MEAN[:5], MEAN[5] + " if items else 0"])
    helix.type("u")
    helix.wait_for_lines(MEAN)

    # Where its lines have moved it is made there.
    helix.type("ggO# new\x1b")
    helix.wait_for_lines(["# new", *MEAN])
    helix.type("7G")
    helix.choose("RLM: make change 2 of 2")
    helix.wait_for_lines(["# new", *MEAN[:5], MEAN[5] + " if items else 0"])

    # Where its lines have changed it is offered no more.
    helix.type("3Gxc    return 0\x1b")
    made = ["# new", MEAN[0], "    return 0", *MEAN[2:5], MEAN[5] + " if items else 0"]
    helix.wait_for_lines(made)
    helix.type("3G")
    assert not [it for it in helix.offered("Ask RLM about this") if it.startswith("RLM: make")]
    helix.wait_for_lines(made)
    assert (day.folder / "mean.py").read_text().splitlines() == MEAN, "nothing is saved"


def a_change_elsewhere(day, helix):
    helix.type("%")
    helix.choose("RLM: document this")
    helix.terminal.wait_for_text("+    return degrees + 1")
    helix.type("ga")
    helix.wait_for_lines(MEAN)

    # The file has changed on the disk: the change is refused, and the person hears of it.
    kettle = day.folder / "kettle.py"
    before = kettle.read_text()
    kettle.write_text("def boil():\n    return 100\n")
    helix.choose("RLM: make change 1 of 1")
    helix.wait_for_message("RLM: what is proposed for kettle.py does not fit the text as it is now")

    # It is as it was: the change is made, in a buffer that is not saved.
    kettle.write_text(before)
    helix.choose("RLM: make change 1 of 1")
    helix.command("open kettle.py")
    helix.wait_for_lines(["def boil(degrees):", "    return degrees + 1"])
    assert kettle.read_text() == before


def main(program, server, home):
    day = Day(program, server, home)
    parts = [
        (findings, "README.md", None),
        (findings_after_a_restart, "README.md", None),
        (changes, "mean.py", REPLY),
        (a_change_elsewhere, "mean.py", REPLY_ELSEWHERE),
    ]
    for part, file, reply in parts:
        helix = day.open(file, reply)
        try:
            part(day, helix)
            helix.quit()
        finally:
            helix.kill()
    print(subprocess.check_output([program, "--version"], text=True).strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
