"""Makes a text to ask about, the same each time: `made.py log FOLDER` or `made.py patch FOLDER`.

`relay.log` is the log of some pumps, with errors in it; `history.patch` is what `git log -p` prints of a small project.
`tests/data/held_out.toml` has the questions.
"""

import datetime
import hashlib
import pathlib
import sys

LINES = 30000


def numbers(seed):
    """Numbers that look like chance, the same on each version of Python."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def log():
    chance = numbers(20310402)
    now = datetime.datetime(2031, 4, 2, 6, 0, 0)
    planted = {}

    def plant(count, first, last, line):
        """At evenly spread places, which no other line has taken."""
        for number in range(count):
            place = first + (last - first) * number // max(count - 1, 1)
            while place in planted:
                place += 1
            planted[place] = line(number)

    def checksum(number):
        frame, want, got = 7000 + next(chance) % 2000, next(chance) % 65536, next(chance) % 65536
        return f"ERROR [valve-2] checksum mismatch in frame {frame} (want {want:04x}, got {got:04x})"

    plant(1, 8123, 8123, lambda _: "FATAL [core] out of descriptors, the relay shuts down")
    plant(1, 17404, 17404, lambda _: "INFO  [pump-1] job 48213377 was given up after 912 s: the sump is dry")
    plant(37, 4211, 28890, checksum)
    plant(9, 6020, 25117, lambda number: f"ERROR [uplink] connection to depot {3 + number} lost after {30 + number} s")
    plant(214, 1500, 29700, lambda _: f"WARN  [tank-1] level low: {5 + next(chance) % 15} %")
    for number in range(LINES):
        now += datetime.timedelta(milliseconds=400 + next(chance) % 2400)
        usual = (
            f"INFO  [pump-{1 + next(chance) % 6}] pressure nominal at station {next(chance) % 40}"
            if next(chance) % 3
            else f"DEBUG [sched] job {48200000 + number} queued behind {next(chance) % 12} others"
        )
        yield f"{now.isoformat(timespec='milliseconds')}Z {planted.get(number, usual)}\n"


# Author, day, subject, body, and the diff: a file, the line that it is about, what is taken away and what is added.
COMMITS = [
    ("Ilse Brandt", "2031-02-03", "Count crates per lane, not per yard", "Two lanes may be busy at once, so one counter for the yard came out wrong.",
     "yard/count.py", "def tally(lanes):", ["    return len(crates)"], ["    return {lane: len(lane.crates) for lane in lanes}"]),
    ("Tomas Okafor", "2031-02-11", "Raise the retry limit from 4 to 9", "The night ferry is late more often than it is cancelled.",
     "yard/retry.py", "import time", ["RETRY_LIMIT = 4"], ["RETRY_LIMIT = 9"]),
    ("Ilse Brandt", "2031-02-19", "Read the lane file once", "It was read for each crate. A yard of 40,000 crates started in 80 s, and does in 2 s now.",
     "yard/lanes.py", "def load(path):", ["    return parse(open(path).read())"], ["    return cached(path)"]),
    ("Marguerite Sand", "2031-03-02", "Remove the lock around the price table", "Since the table is replaced as a whole, nobody can see half of it. The lock cost a fifth of the time.",
     "yard/prices.py", "def price(kind):", ["    with TABLE_LOCK:", "        return TABLE[kind]"], ["    return TABLE[kind]"]),
    ("Tomas Okafor", "2031-03-14", "Give up on a press that does not answer", "Without a limit one dead press held the whole evening shift.",
     "press/link.py", "import socket", [], ["PRESS_TIMEOUT = 45"]),
    ("Ewa Lindqvist", "2031-03-21", "Weigh sacks in grams", "Kilograms with three digits were rounded twice.",
     "scale/weigh.py", "def weigh(sack):", ["    return round(sack.kilograms, 3)"], ["    return int(sack.grams)"]),
    ("Marguerite Sand", "2031-04-01", "Say which manifest is empty", "The message named the folder only.",
     "yard/manifest.py", "def read(path):", ['        raise ValueError("empty manifest")'], ['        raise ValueError(f"the manifest {path} is empty")']),
    ("Ewa Lindqvist", "2031-04-09", "Revert \"Weigh sacks in grams\"", "The old scales send no grams. They are replaced in June.",
     "scale/weigh.py", "def weigh(sack):", ["    return int(sack.grams)"], ["    return round(sack.kilograms, 3)"]),
]  # fmt: skip


def patch():
    for author, day, subject, body, path, context, removed, added in reversed(COMMITS):
        name = hashlib.sha1(f"{day} {subject}".encode()).hexdigest()
        date = datetime.date.fromisoformat(day).strftime("%a %b %-d 09:15:00 %Y +0000")
        before, after = (hashlib.sha1(f"{name} {it}".encode()).hexdigest()[:7] for it in ("before", "after"))
        yield f"commit {name}\nAuthor: {author} <{author.split()[0].lower()}@yard.example>\nDate:   {date}\n\n"
        yield f"    {subject}\n\n    {body}\n\n"
        yield f"diff --git a/{path} b/{path}\nindex {before}..{after} 100644\n--- a/{path}\n+++ b/{path}\n"
        yield f"@@ -12,{1 + len(removed)} +12,{1 + len(added)} @@\n {context}\n"
        yield "".join(f"-{line}\n" for line in removed) + "".join(f"+{line}\n" for line in added) + "\n"


KINDS = {"log": ("relay.log", log), "patch": ("history.patch", patch)}

if __name__ == "__main__":
    file, lines = KINDS[sys.argv[1]]
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text("".join(lines()), encoding="utf-8")
