"""Lets `asyncio` run without sockets, signals and processes.

The standard event loop waits in a selector and is woken through a socket pair. Programs here wait only for coroutines,
timers and threads, for which a condition variable is enough.
"""

import sys
import types
from _frozen_importlib import FrozenImporter, ModuleSpec


def stub(name, **attributes):
    """A module that `asyncio` finds while it is imported, and that nobody else sees."""
    module = types.ModuleType(name)
    vars(module).update(attributes)
    return module


class Unavailable:
    def __init__(self, *args, **kwargs):
        raise PermissionError("sockets and processes are not available in this sandbox")


STUBS = {
    "socket": stub(
        "socket",
        socket=Unavailable,
        error=OSError,
        gaierror=OSError,
        AF_UNSPEC=0,
        AF_INET=2,
        AF_INET6=10,
        SOCK_STREAM=1,
        SOCK_DGRAM=2,
        AI_PASSIVE=1,
        IPPROTO_TCP=6,
        IPPROTO_UDP=17,
    ),
    "subprocess": stub("subprocess", Popen=Unavailable, PIPE=-1, STDOUT=-2, DEVNULL=-3),
    # `asyncio.run` looks for the default handler of Ctrl-C, and leaves everything alone if it is not there.
    "signal": stub("signal", SIGINT=2, SIGTERM=15, default_int_handler=object(), getsignal=lambda number: None),
}


class PackageLoader:
    """Loads `asyncio` with the stubs in place."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        sys.modules.update(STUBS)
        try:
            self.loader.exec_module(module)
        finally:
            for name in STUBS:
                del sys.modules[name]


class LoopLoader:
    """Makes the module that `asyncio` takes its event loop from."""

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        import threading
        from asyncio import base_events, events

        class WakeableSleep:
            """The part of a selector that the event loop calls."""

            def __init__(self):
                self._condition = threading.Condition()
                self._awake = False

            def select(self, timeout):
                """Sleeps until the timeout, if any, or until `wake`; there are never events to report."""
                with self._condition:
                    if timeout is None or timeout > 0:
                        self._condition.wait_for(lambda: self._awake, timeout)
                    self._awake = False
                return []

            def wake(self):
                with self._condition:
                    self._awake = True
                    self._condition.notify()

        class EventLoop(base_events.BaseEventLoop):
            def __init__(self):
                super().__init__()
                self._selector = WakeableSleep()

            def _process_events(self, events):
                pass

            def _write_to_self(self):
                # `call_soon_threadsafe` calls this, that is, a thread that has finished.
                self._selector.wake()

        class DefaultEventLoopPolicy(events._BaseDefaultEventLoopPolicy):
            _loop_factory = EventLoop

        module.__all__ = ("SelectorEventLoop", "EventLoop")
        module.EventLoop = module.SelectorEventLoop = EventLoop
        module._DefaultEventLoopPolicy = DefaultEventLoopPolicy


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "asyncio.unix_events":
            return ModuleSpec(name, LoopLoader)
        if name == "asyncio":
            spec = FrozenImporter.find_spec(name, path, target)
            spec.loader = PackageLoader(spec.loader)
            return spec


sys.meta_path.insert(0, Finder)
