"""Takes the place of the interpreters' processes, as a program would that has taken one over: says it is ready, and answers
the first cell with whatever the variable `case` names. Takes the fork server's place as well, which is not hostile."""

import json
import os
import select
import signal
import socket
import sys
import time

LAST = 1
PAYLOAD = 32 << 10
link = None


def packet(payload, flags=LAST, generation=0):
    link.send(bytes([flags]) + generation.to_bytes(4, "little") + payload)


def frame(payload):
    pieces = [payload[at : at + PAYLOAD] for at in range(0, len(payload), PAYLOAD)] or [b""]
    for number, piece in enumerate(pieces):
        packet(piece, LAST if number + 1 == len(pieces) else 0)


def receive():
    whole = b""
    while True:
        part = link.recv(PAYLOAD + 5)
        if not part:
            sys.exit()
        whole += part[5:]
        if part[0] & LAST:
            return json.loads(whole)


def report(**fields):
    empty = {"output": "", "output_omitted": 0, "error": None, "answer": None, "draft": None, "variables": []}
    frame(json.dumps({"kind": "done", "cell": 1, **empty, **fields}).encode())


def call(identity, name="llm_query", arguments='[["x"],null]', cell=1):
    frame(('{"kind":"call","id":%s,"name":"%s","arguments":%s,"cell":%s}' % (identity, name, arguments, cell)).encode())


def endless():
    while True:
        packet(b"x" * PAYLOAD, flags=0)


def calls_without_reading():
    for identity in range(2000):
        call(identity, "much", "[]")
    time.sleep(60)


CASES = {
    "no JSON": lambda: frame(b"nonsense"),
    "nothing": lambda: frame(b""),
    "no UTF-8": lambda: frame(b'{"kind":"call","id":1,"name":"\xff\xfe","arguments":[]}'),
    "deep lists": lambda: call(1, arguments="[" * 10**6),
    "deep lists that end": lambda: call(1, arguments="[" * 10**5 + "]" * 10**5),
    "deep objects": lambda: call(1, arguments='{"a":' * 10**5 + "1" + "}" * 10**5),
    "no number": lambda: call(1, arguments="NaN"),
    "a huge number": lambda: call(1, arguments="1e999"),
    "a long number": lambda: call(1, arguments="7" * 10**6),
    "a lone surrogate": lambda: call(1, arguments='["\\ud800"]'),
    "a negative number of a call": lambda: call(-1),
    "a short packet": lambda: link.send(b"\x01\x00"),
    "a long packet": lambda: link.send(bytes(PAYLOAD + 6)),
    "an endless frame": endless,
    "an unknown kind": lambda: frame(b'{"kind":"shell","command":"true"}'),
    "a kind for the other side": lambda: frame(b'{"kind":"run","cell":1,"code":"","time_limit_ms":1,"output_limit":1}'),
    "the same call twice": lambda: [call(7), call(7), receive(), receive(), report(output="both")],
    "a call of another cell": lambda: [call(7, cell=99), call(8), report(output="x" * receive()["id"])],
    "a report of another cell": lambda: report(cell=99),
    "a report of wrong kinds": lambda: report(output=5),
    "a recovery": lambda: frame(b'{"kind":"recovered","cause":"crash"}'),
    "the last generation": lambda: [packet(b"{", 0, 2**32 - 1), packet(b'{"kind":"call"}', LAST, 0)],
    "many variables": lambda: report(variables=[["v%d" % number, "int"] for number in range(100_000)]),
    "too many values": lambda: frame(b"[" + b"1," * 800_000 + b"1]"),
    "a long output": lambda: report(output="x" * (1 << 20)),
    "calls and no reading": calls_without_reading,
    "an end": lambda: sys.exit(3),
}


def connection(descriptor):
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=descriptor)


def interpret():
    start = receive()
    frame(b'{"kind":"ready","level":{"landlock":6,"tasks":"own"}}')
    case = dict(start["names"]["variables"])["case"]
    receive()
    CASES[case]()
    time.sleep(60)


server = connection(0)
wards = {}
while True:
    for handle in select.select([server, *wards], [], [])[0]:
        if handle is not server:
            child = wards.pop(handle)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            handle.close()
            continue
        request, descriptors, _, _ = socket.recv_fds(server, 1024, 3)
        if not request:
            sys.exit()
        own, memory, handle = map(connection, descriptors)
        child = os.fork()
        if child == 0:
            for other in [server, handle, *wards]:
                other.close()
            link = own
            interpret()
            sys.exit()
        own.close()
        memory.close()
        wards[handle] = child
        handle.send(b'{"kind":"spawned","group":%d}' % child)
