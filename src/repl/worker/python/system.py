"""Takes the place of the modules for the operating system.

Much of the standard library imports `os` but needs little of it: paths as strings, entropy, constants. That works.
Whatever would touch the system raises PermissionError, and modules that are of no use without it cannot be imported.
"""

import _io
import abc
import builtins
import sys
import types

HINT = "the text is in `context` and `files`"

UNAVAILABLE_MODULES = frozenset(
    """
    _ctypes _multiprocessing _posixshmem _posixsubprocess _signal _socket _ssl ctypes dbm ensurepip faulthandler fcntl
    ftplib grp imaplib mmap msvcrt multiprocessing nntplib nt poplib pty pwd readline resource select selectors signal
    smtplib socket socketserver sqlite3 ssl subprocess syslog telnetlib termios tkinter tty turtle venv webbrowser
    winreg xmlrpc
""".split()
)

UNAVAILABLE_FUNCTIONS = """
    abort access chdir chmod chown chroot close dup dup2 execl execle execlp execv execve execvp fchdir fchmod fchown
    fdopen fork forkpty fstat fsync ftruncate get_blocking getlogin getxattr isatty kill killpg lchown link listdir
    listxattr lseek lstat makedirs mkdir mkfifo mknod open openpty pipe popen posix_spawn pread putenv pwrite read
    readlink remove removedirs rename renames replace rmdir scandir sendfile set_blocking setxattr spawnl spawnv stat
    statvfs symlink system times truncate uname unlink unsetenv utime wait waitpid walk write
""".split()


class UnavailableModules:
    """The first finder: refuses before another one finds a module that could not work."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in UNAVAILABLE_MODULES:
            raise ModuleNotFoundError(f"the module {name!r} is not available in this sandbox", name=name)


def unavailable(name):
    def function(*args, **kwargs):
        raise PermissionError(f"{name} is not available in this sandbox; {HINT}")

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    return function


def open(*args, **kwargs):
    raise PermissionError(f"files are not available here; {HINT}")


class FileIO(_io._RawIOBase):
    def __init__(self, *args, **kwargs):
        open()


def fspath(path):
    if isinstance(path, (str, bytes)):
        return path
    try:
        convert = type(path).__fspath__
    except AttributeError:
        kind = type(path).__name__
        raise TypeError(f"expected str, bytes or os.PathLike object, not {kind}") from None
    return convert(path)


def fsencode(path):
    path = fspath(path)
    return path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path


def fsdecode(path):
    path = fspath(path)
    return path.decode("utf-8", "surrogateescape") if isinstance(path, bytes) else path


class PathLike(abc.ABC):
    __slots__ = ()

    @abc.abstractmethod
    def __fspath__(self):
        raise NotImplementedError

    @classmethod
    def __subclasshook__(cls, subclass):
        return hasattr(subclass, "__fspath__") if cls is PathLike else NotImplemented

    __class_getitem__ = classmethod(types.GenericAlias)


class stat_result(tuple):
    pass


class terminal_size(tuple):
    columns = property(lambda self: self[0])
    lines = property(lambda self: self[1])


class DirEntry:
    pass


def make_os():
    os = types.ModuleType("os", "The parts of `os` that do not touch the system.")
    vars(os).update((name, unavailable(f"os.{name}")) for name in UNAVAILABLE_FUNCTIONS)
    vars(os).update(
        name="posix",
        sep="/",
        altsep=None,
        extsep=".",
        pathsep=":",
        linesep="\n",
        curdir=".",
        pardir="..",
        devnull="/dev/null",
        defpath="/bin:/usr/bin",
        error=OSError,
        environ={},
        environb={},
        supports_bytes_environ=True,
        fspath=fspath,
        fsencode=fsencode,
        fsdecode=fsdecode,
        PathLike=PathLike,
        DirEntry=DirEntry,
        stat_result=stat_result,
        terminal_size=terminal_size,
        urandom=urandom,
        getcwd=lambda: "/",
        getcwdb=lambda: b"/",
        getenv=lambda key, default=None: os.environ.get(key, default),
        getpid=lambda: 1,
        getppid=lambda: 0,
        getuid=lambda: 1000,
        geteuid=lambda: 1000,
        getgid=lambda: 1000,
        umask=lambda mask: 0o022,
        cpu_count=lambda: 4,
        process_cpu_count=lambda: 4,
        register_at_fork=lambda **hooks: None,
        get_terminal_size=lambda *args: terminal_size((80, 24)),
        strerror=lambda number: f"error {number}",
        supports_fd=set(),
        supports_dir_fd=set(),
        supports_follow_symlinks=set(),
        supports_effective_ids=set(),
        F_OK=0,
        R_OK=4,
        W_OK=2,
        X_OK=1,
        O_RDONLY=0,
        O_WRONLY=1,
        O_RDWR=2,
        O_CREAT=64,
        O_EXCL=128,
        O_TRUNC=512,
        O_APPEND=1024,
        O_NONBLOCK=2048,
        O_DIRECTORY=65536,
        O_NOFOLLOW=131072,
        O_CLOEXEC=524288,
        SEEK_SET=0,
        SEEK_CUR=1,
        SEEK_END=2,
        TMP_MAX=238328,
        EX_OK=0,
    )
    return os


def install():
    sys.meta_path.insert(0, UnavailableModules)
    sys.modules["os"] = os = make_os()
    sys.modules["posix"] = posix = types.ModuleType("posix")
    vars(posix).update(vars(os), __name__="posix", __doc__=None)

    import posixpath

    os.path = sys.modules["os.path"] = posixpath
    sys.stdin = sys.__stdin__ = _io.StringIO()
    _io.FileIO = FileIO
    _io.open = _io.open_code = builtins.open = open


install()
