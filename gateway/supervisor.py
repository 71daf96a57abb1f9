"""The parent of the doors: starts them, hears that they serve, starts again those that crash, ends them all.

A child is told of the death of its parent by the kernel, so nothing survives a supervisor that is killed.
Everything happens in the main thread: the kernel's notice is tied to the thread that started the child.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import FrameType

import orjson

from gateway.server.ready import READY_VARIABLE

_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_STEADY_SECONDS = 60.0
_TICK = 0.2
_TEND_SECONDS = 1.0
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process. `env` is its whole environment; `announces` means that it calls `announce_ready`.

    A program that does not announce counts as ready as soon as it runs. `patience` is how long, in seconds, it may
    take to be ready at the first start.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    announces: bool = True
    patience: float = 30.0


class Happening(StrEnum):
    """What is reported about a program."""

    STARTING = "starting"
    READY = "ready"
    CRASHED = "crashed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Report:
    """One happening. `facts` are what the program announced; `detail` says how it ended or when it starts again."""

    program: str
    happening: Happening
    detail: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


class StartError(Exception):
    """A program ended, or stayed silent, before it was ready; all others were stopped."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program} did not start: {reason}")
        self.program = program
        self.reason = reason


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    pipe: int = -1
    said: bytes = b""
    facts: Mapping[str, object] | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    start_again: float | None = None


class Supervisor:
    """Runs programs in the foreground. Use `run`, or `start`, `watch` and `stop` around work of your own."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        grace: float = 35.0,
        report: Callable[[Report], None] | None = None,
        tend: Callable[[], None] | None = None,
    ) -> None:
        """`tend` is called about every second while the programs serve: what else the house needs to live on."""
        self._children = [_Child(program) for program in programs]
        self._grace = grace
        self._report = report or (lambda _report: None)
        self._tend = tend or (lambda: None)
        self._tended = 0.0
        self._asked_to_stop = False

    def run(self, on_ready: Callable[[Mapping[str, Mapping[str, object]]], None] | None = None) -> int:
        """Start all, serve until SIGTERM or SIGINT, stop all; 0 when every program ended by itself in time.

        `on_ready` receives what each program announced. Raises StartError.
        """
        previous = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            facts = self.start()
            if on_ready is not None and not self._asked_to_stop:
                on_ready(facts)
            self.watch()
        finally:
            orderly = self.stop()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return 0 if orderly else 1

    def start(self) -> Mapping[str, Mapping[str, object]]:
        """Start all programs and wait until each is ready. Raises StartError, everything stopped."""
        try:
            for child in self._children:
                self._spawn(child)
            while not self._asked_to_stop and any(child.facts is None for child in self._children):
                self._listen()
                for child in self._children:
                    self._check_start(child)
        except BaseException:
            self.stop()
            raise
        return {child.program.name: child.facts or {} for child in self._children}

    def watch(self, seconds: float | None = None) -> None:
        """Start again what crashes, until a signal asks to stop or for `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self._asked_to_stop and (end is None or time.monotonic() < end):
            self._listen()
            for child in self._children:
                self._revive(child)
            if time.monotonic() - self._tended >= _TEND_SECONDS:
                self._tend()
                self._tended = time.monotonic()

    def stop(self) -> bool:
        """Ask all programs to end, last started first, and kill what remains. True when nothing had to be killed."""
        alive = [child for child in reversed(self._children) if child.process and child.process.poll() is None]
        for child in alive:
            self._tell(child, Happening.STOPPING)
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        orderly = True
        for child in alive:
            process = child.process
            if process is None:
                continue
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
                self._tell(child, Happening.STOPPED, _ending(process.returncode))
            except subprocess.TimeoutExpired:
                orderly = False
                self._tell(child, Happening.KILLED, f"still running {self._grace:g} s after SIGTERM")
        for child in self._children:
            _kill_group(child)
            self._close(child)
            child.process = None
            child.facts = None
        return orderly

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _spawn(self, child: _Child) -> None:
        environment = dict(child.program.env)
        inherited: tuple[int, ...] = ()
        write_end = -1
        if child.program.announces:
            child.pipe, write_end = os.pipe()
            os.set_blocking(child.pipe, False)
            environment[READY_VARIABLE] = str(write_end)
            inherited = (write_end,)
        self._tell(child, Happening.STARTING)
        parent = os.getpid()
        try:
            child.process = subprocess.Popen(
                list(child.program.argv),
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=inherited,
                process_group=0,
                preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 -- the supervisor has no other thread
            )
        except OSError as error:
            self._close(child)
            raise StartError(child.program.name, error.strerror or type(error).__name__) from None
        finally:
            if write_end >= 0:
                os.close(write_end)
        child.started = time.monotonic()
        child.start_again = None
        child.said = b""
        child.facts = None if child.program.announces else {}
        if child.facts is not None:
            self._tell(child, Happening.READY)

    def _listen(self) -> None:
        pipes = {child.pipe: child for child in self._children if child.pipe >= 0}
        if not pipes:
            time.sleep(_TICK)
            return
        for ready in select.select(list(pipes), [], [], _TICK)[0]:
            self._hear(pipes[ready])

    def _hear(self, child: _Child) -> None:
        data = os.read(child.pipe, 4096)
        child.said += data
        line, newline, _ = child.said.partition(b"\n")
        if newline:
            self._close(child)
            announced = orjson.loads(line)
            child.facts = announced if isinstance(announced, dict) else {}
            self._tell(child, Happening.READY)
        elif not data or len(child.said) > _LONGEST_LINE:
            self._close(child)

    def _check_start(self, child: _Child) -> None:
        if child.facts is not None or child.process is None:
            return
        status = child.process.poll()
        if status is not None:
            raise StartError(child.program.name, _ending(status))
        if time.monotonic() - child.started > child.program.patience:
            raise StartError(child.program.name, f"not ready after {child.program.patience:g} s")

    def _revive(self, child: _Child) -> None:
        now = time.monotonic()
        if child.start_again is not None:
            if now >= child.start_again:
                self._spawn(child)
            return
        if child.process is None or (status := child.process.poll()) is None:
            return
        # Its own children are of no use without it, and may hold its port.
        _kill_group(child)
        self._close(child)
        child.pause = _FIRST_PAUSE if now - child.started > _STEADY_SECONDS else child.pause
        child.start_again = now + child.pause
        self._tell(child, Happening.CRASHED, f"{_ending(status)}; starting again in {child.pause:g} s")
        child.pause = min(child.pause * 2, _LONGEST_PAUSE)

    def _tell(self, child: _Child, happening: Happening, detail: str = "") -> None:
        self._report(Report(child.program.name, happening, detail, child.facts or {}))

    @staticmethod
    def _close(child: _Child) -> None:
        if child.pipe >= 0:
            os.close(child.pipe)
            child.pipe = -1


def _die_with(parent: int) -> None:
    """In the child, before it becomes its program: SIGTERM from the kernel when the supervisor dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _signal(child: _Child, number: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(number)


def _kill_group(child: _Child) -> None:
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        child.process.kill()
    child.process.wait()


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"ended by signal {-status}"
