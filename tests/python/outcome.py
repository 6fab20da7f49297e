"""What a case comes to, in a form that two interpreters can compare; `run_operation` stands in the program behind."""

import hashlib


def outcome(text, case):
    """What an operation comes to, in the same few bytes in both interpreters."""
    try:
        value = run_operation(text, case)
    except Exception as error:
        value = ["raised", type(error).__name__]
    rendered = render(value)
    return rendered.hex() if len(rendered) <= 100 else hashlib.sha256(rendered).hexdigest()


def render(value):
    if isinstance(value, str):
        return b"s%d:" % len(value) + value.encode("utf-8", "surrogatepass")
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(render(item) for item in value) + b"]"
    return repr(value).encode()
