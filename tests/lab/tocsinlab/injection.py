"""System calls that fail, as strace(1) makes them: of a process that runs, for as long as it is wanted, or of one from its start on."""
import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
import time

ATTACH_TIME = 20  # seconds


class NoInjection(Exception):
    """This machine does not let us; says why."""


@functools.lru_cache(maxsize=None)
def _try():
    """Why there is no injection here, or None."""
    if not shutil.which("strace"):
        return "no strace (Debian: strace)"
    run = subprocess.run(_command(["kexec_load:error=EPERM"], "true"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=ATTACH_TIME)
    return run.stdout.strip() or "strace: exit %d" % run.returncode if run.returncode else None


def _command(rules, *words):
    return ["strace", "-f", "-qq", "-o", "/dev/null", *("--inject=" + rule for rule in rules), *words]


def needed():
    """Raises NoInjection where there is none to be had."""
    why = _try()
    if why:
        raise NoInjection(why)


def from_the_start(rules, command, **options):
    """Popen(COMMAND, OPTIONS) under RULES ("clone3:error=EAGAIN:when=2"). Its exit code is the command's."""
    needed()
    # A process that is traced cannot be searched for leaks.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    return subprocess.Popen(_command(rules, *command), stdin=subprocess.DEVNULL, env=environment, **options)


@contextlib.contextmanager
def into(pid, *rules, paths=()):
    """Every thread of process PID is under RULES; with PATHS only in what has to do with those files."""
    needed()
    with tempfile.TemporaryFile() as said:
        words = [word for path in paths for word in ("-P", path)] + ["-p", str(pid)]
        tracer = subprocess.Popen(_command(rules, *words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        try:
            end = time.monotonic() + ATTACH_TIME
            while not _held(pid, tracer.pid):
                if tracer.poll() is not None or time.monotonic() > end:
                    said.seek(0)
                    raise NoInjection("strace -p: %s" % said.read().decode(errors="replace").strip())
                time.sleep(0.02)
            yield
        finally:
            tracer.terminate()  # the process goes on
            tracer.wait(ATTACH_TIME)


def _held(pid, tracer):
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, thread), encoding="utf-8") as file:
            if "TracerPid:\t%d\n" % tracer not in file.read():
                return False
    return True
