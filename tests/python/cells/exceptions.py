# --- catching
for f in [
    lambda: 1 / 0,
    lambda: [][1],
    lambda: {}["k"],
    lambda: int("x"),
    lambda: None.x,
    lambda: open,
    lambda: len(5),
]:
    try:
        f()
    except (ZeroDivisionError, IndexError) as error:
        print("a", type(error).__name__, error)
    except KeyError as error:
        print("b", repr(error), error.args, str(error))
    except Exception as error:
        print("c", f"{type(error).__name__}: {error}")
    else:
        print("fine")
    finally:
        print("-")


# --- one's own exceptions
class AppError(Exception):
    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


class NotFound(AppError):
    pass


try:
    raise NotFound("no such thing", code=404)
except AppError as error:
    print(error, error.code, error.args, isinstance(error, NotFound), repr(error))

# --- chains
try:
    try:
        {}["a"]
    except KeyError as error:
        raise ValueError("bad") from error
except ValueError as error:
    print(repr(error.__cause__), error.__suppress_context__)
try:
    try:
        1 / 0
    except ZeroDivisionError:
        int("x")
except ValueError as error:
    print(repr(error.__context__), error.__cause__)


# --- raised again
def f():
    try:
        raise RuntimeError("one")
    except RuntimeError:
        print("seen")
        raise


f()

# --- nothing to raise again
raise

# --- raising what is none : type only
raise "text"

# --- a name that ends with its clause
try:
    raise ValueError(1)
except ValueError as e:
    pass
print(e)


# --- finally wins
def f():
    try:
        return "try"
    finally:
        print("finally")


def g():
    for i in range(3):
        try:
            if i == 1:
                continue
            print(i)
        finally:
            print("f", i)


print(f(), g())

# --- groups
try:
    raise ExceptionGroup("many", [ValueError("v"), TypeError("t"), ExceptionGroup("in", [KeyError("k")])])
except* ValueError as eg:
    print("values", eg.exceptions)
except* (TypeError, KeyError) as eg:
    print("others", [repr(e) for e in eg.exceptions], eg.message)

# --- groups that are left
try:
    raise ExceptionGroup("g", [ValueError(1), OSError(2)])
except* ValueError:
    print("part")

# --- split groups
eg = ExceptionGroup("g", [ValueError(1), TypeError(2)])
match_, rest = eg.split(ValueError)
print(repr(match_), repr(rest), eg.subgroup(lambda e: isinstance(e, TypeError)), eg.derive([KeyError()]))

# --- notes
e = ValueError("x")
e.add_note("a note")
print(e.__notes__)
raise e

# --- tracebacks
import traceback


def f():
    raise ValueError("deep")


try:
    f()
except ValueError as error:
    text = traceback.format_exc()
    print(
        text.splitlines()[0],
        text.splitlines()[-1],
        len(traceback.extract_tb(error.__traceback__)),
        traceback.format_exception_only(error),
        [s.name for s in traceback.extract_tb(error.__traceback__)],
    )

# --- exceptions that are shown to stderr
import sys, traceback

try:
    1 / 0
except ZeroDivisionError:
    print(traceback.format_exc().count("ZeroDivisionError"), sys.exc_info()[0].__name__)
    print("to stderr", file=sys.stderr)
print(sys.exc_info())

# --- attributes of errors
try:

    class A:
        pass

    A().x
except AttributeError as error:
    print(error.name, type(error.obj).__name__)
try:
    foo
except NameError as error:
    print(error.name)
try:
    import no_such_module
except ImportError as error:
    print(error.name, error)
try:
    from math import nothing
except ImportError as error:
    print(type(error).__name__)
try:
    "é".encode("ascii")
except UnicodeEncodeError as error:
    print(error.start, error.end, error.reason, error.encoding, error.object)

# --- a syntax error that is caught
try:
    compile("def f(:\n  pass", "x", "exec")
except SyntaxError as error:
    print(type(error).__name__, error.lineno)

# --- an indentation that is wrong : type only
exec("if 1:\nprint(2)")

# --- exits
import sys

try:
    sys.exit("bye")
except SystemExit as error:
    print(error.code)
sys.exit(3)

# --- interrupts are no exceptions
print(
    issubclass(KeyboardInterrupt, Exception),
    issubclass(SystemExit, BaseException),
    issubclass(TimeoutError, OSError),
    IOError is OSError,
    ModuleNotFoundError.__mro__[1].__name__,
    LookupError.__subclasses__()[:2],
)

# --- errors of the system
e = OSError(2, "No such file", "a.txt")
print(e, e.errno, e.filename, type(e).__name__, FileNotFoundError("x"), OSError("plain"))

# --- warnings
import warnings

with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    warnings.warn("careful", UserWarning)
    warnings.warn("old", DeprecationWarning)
print([(str(w.message), w.category.__name__) for w in seen])
warnings.simplefilter("error")
try:
    warnings.warn("now an error")
finally:
    warnings.resetwarnings()

# --- logging
import logging, io

out = io.StringIO()
log = logging.getLogger("cell")
log.handlers[:] = [logging.StreamHandler(out)]
log.setLevel(logging.INFO)
log.propagate = False
log.debug("no")
log.info("n=%d", 5)
log.warning("w")
try:
    1 / 0
except ZeroDivisionError:
    log.error("bad", exc_info=False)
print(out.getvalue())

# --- retry
attempts = []


def flaky():
    attempts.append(1)
    if len(attempts) < 3:
        raise ConnectionError(f"try {len(attempts)}")
    return "ok"


for n in range(5):
    try:
        print(flaky())
        break
    except ConnectionError as error:
        print("retry after", error)
else:
    print("gave up")

# --- input at the end
input("name? ")

# --- errors of types
for f in [
    lambda: {} < {},
    lambda: -"a",
    lambda: {}[[]],
    lambda: None[0],
    lambda: int([]),
    lambda: len(None),
    lambda: range("a"),
    lambda: "".join(["a", 1]),
    lambda: abs("x"),
    lambda: sum(5),
    lambda: None.x,
    lambda: (1).x,
]:
    try:
        print(f())
    except (TypeError, AttributeError) as error:
        print(error)

# --- errors of types that are worded differently
for f in [
    lambda: [1] + (2,),
    lambda: "a" + 1,
    lambda: [1]["a"],
    lambda: "a" * "b",
    lambda: 5 in 5,
    lambda: float(None),
    lambda: isinstance(1, "int"),
    lambda: dict([1]),
    lambda: print(1, sep=2),
    lambda: max(1),
    lambda: sorted(5),
    lambda: b"a" + "b",
]:
    try:
        print(f())
    except Exception as error:
        print(type(error).__name__)


# --- exceptions of two families
class AppError(Exception):
    pass


class NotFound(AppError, KeyError):
    pass


class Late(AppError, ArithmeticError):
    def __str__(self):
        return "late: " + ", ".join(map(str, self.args))


for kind in (NotFound, Late):
    try:
        raise kind("x", 1)
    except AppError as error:
        print(type(error).__name__, error, isinstance(error, LookupError), error.args)
raise NotFound("k")
