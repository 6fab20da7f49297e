// A small repository of the tests' own: enough that a question has one right place, and wrong ones to choose from.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES = {
  "README.md": `# courier

Delivers messages to subscribers. The queue is in memory, delivery is retried with growing pauses.

See [the plan](doc/plan.md).
`,
  "docs/plan.md": "# Plan\n\nNothing is planned.\n",
  "src/backoff.py": `"""How long to wait before a failed delivery is tried again."""

import random

BASE_SECONDS = 0.5
CEILING_SECONDS = 60.0


def retry_delay(attempt: int, jitter: float = 0.1) -> float:
    """Return the delay before the given retry attempt, in seconds.

    The delay doubles with each attempt up to a ceiling; jitter spreads
    clients that failed at the same moment.
    """
    delay = min(CEILING_SECONDS, BASE_SECONDS * 2**attempt)
    return delay * (1 + random.uniform(-jitter, jitter))
`,
  "src/queue.py": `"""Messages that wait to be delivered, oldest first."""

from collections import deque


class MessageQueue:
    """A first-in, first-out queue that refuses messages when it is full."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.messages = deque()

    def push(self, message: bytes) -> bool:
        if len(self.messages) >= self.capacity:
            return False
        self.messages.append(message)
        return True

    def pop(self) -> bytes | None:
        return self.messages.popleft() if self.messages else None
`,
  "src/deliver.py": `"""Takes messages off the queue and hands them to subscribers."""

import time

from backoff import retry_delay
from queue import MessageQueue


def deliver(queue: MessageQueue, send, attempts: int = 5) -> int:
    """Deliver all messages and return how many were given up on."""
    lost = 0
    while (message := queue.pop()) is not None:
        for attempt in range(attempts):
            if send(message):
                break
            time.sleep(retry_delay(attempt))
        else:
            lost += 1
    return lost
`,
};

/** Writes the repository into a folder that does not exist yet, under version control as a real one is. */
export function makeRepository(folder) {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  execFileSync("git", ["init", "--quiet", folder]);
}

/** The text of a line, counted from 1. */
export const lineOf = (path, line) => FILES[path].split("\n")[line - 1];
