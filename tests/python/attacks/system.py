# Programs that reach for the network, other processes, the environment and native code. `port` is a port of this machine
# on which somebody listens.

# --- socket : raises ModuleNotFoundError
import socket

socket.create_connection(("127.0.0.1", int(port))).send(b"x")

# --- _socket : raises ModuleNotFoundError
import _socket

_socket.socket().connect(("127.0.0.1", int(port)))

# --- urllib : survives
import urllib.request

print(urllib.request.urlopen(f"http://127.0.0.1:{port}/").read())

# --- http.client : survives
import http.client

http.client.HTTPConnection("127.0.0.1", int(port)).request("GET", "/")

# --- connections of asyncio : survives
import asyncio


async def connect():
    await asyncio.open_connection("127.0.0.1", int(port))


asyncio.run(connect())

# --- servers of asyncio : survives
import asyncio


async def serve():
    await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)


asyncio.run(serve())

# --- processes of asyncio : survives
import asyncio


async def spawn():
    await asyncio.create_subprocess_exec("/bin/sh", "-c", f"echo x > {folder}/new")


asyncio.run(spawn())

# --- logging over the network : survives
import logging.handlers

logging.handlers.SocketHandler("127.0.0.1", int(port)).emit(logging.LogRecord("a", 50, "b", 1, "c", (), None))

# --- os.system : raises PermissionError
import os

os.system(f"echo x > {folder}/new")

# --- os.popen : raises PermissionError
import os

print(os.popen(f"cat {canary}").read())

# --- os.execv : raises PermissionError
import os

os.execv("/bin/sh", ["sh", "-c", f"echo x > {folder}/new"])

# --- os.fork : raises PermissionError
import os

os.fork()

# --- os.kill : raises PermissionError
import os

os.kill(os.getppid(), 9)

# --- subprocess : raises ModuleNotFoundError
import subprocess

print(subprocess.check_output(["cat", canary]))

# --- subprocess by its stand-in in asyncio : survives
import asyncio

print(asyncio.base_subprocess.subprocess.Popen(["cat", canary]))

# --- multiprocessing : raises ModuleNotFoundError
import multiprocessing

multiprocessing.Process(target=print).start()

# --- a pool of processes : survives
from concurrent.futures import ProcessPoolExecutor

with ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, [1, 2])))

# --- pty and signal : survives
for name in ("pty", "signal", "_signal", "fcntl", "termios", "resource", "syslog", "pwd", "grp"):
    try:
        print(__import__(name))
    except ImportError as error:
        print(error)

# --- ctypes : raises ModuleNotFoundError
import ctypes

ctypes.CDLL(None).system(b"true")

# --- a native extension : survives
import importlib.machinery, importlib.util

loader = importlib.machinery.ExtensionFileLoader("evil", canary)
importlib.util.module_from_spec(importlib.util.spec_from_loader("evil", loader))

# --- the environment : survives
import os, sys

print(os.environ, os.getenv("PATH"), sys.executable, sys.path, sys.prefix, sys.argv, sys.flags)
import sysconfig

print(sysconfig.get_paths())

# --- who and where : survives
import os, platform, getpass, pathlib

for attempt in (
    os.getlogin,
    platform.uname,
    platform.platform,
    getpass.getuser,
    pathlib.Path.home,
    os.getcwd,
    os.uname,
):
    try:
        print(attempt())
    except BaseException as error:
        print(type(error).__name__)

# --- ending the process : raises SystemExit
import sys

sys.exit(0)

# --- ending the process at once : survives
import os

os._exit(0)

# --- aborting the process : survives
import os

os.abort()

# --- faulthandler : survives
import faulthandler

faulthandler._sigsegv()

# --- webbrowser : raises ModuleNotFoundError
import webbrowser

webbrowser.open(f"http://127.0.0.1:{port}/")
