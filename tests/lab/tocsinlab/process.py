"""Starts the lab as a process of its own, for tests and rehearsals."""
import json
import os
import socket
import subprocess
import sys
import time

from . import journal

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lab")
START_TIME = 120  # seconds to come up: a world of 100,000 domains takes 20 to read


def free_port():
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Lab:
    """A running lab. SCENARIO is a path or an object; DIRECTORY holds its files; it ends with `close`, or with this process."""

    def __init__(self, scenario, directory, mode=None, bounce_lmtp=None, seed=None, relay_port=0):
        os.makedirs(directory, exist_ok=True)
        if not isinstance(scenario, str):
            path = os.path.join(directory, "scenario.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(scenario, file)
            scenario = path
        command = [sys.executable or "/usr/bin/python3", "-B", PROGRAM, "--scenario", scenario, "--dir", directory, "--until-eof",
                   "--relay-port", str(relay_port)]
        for option, value in (("--relay", mode), ("--bounce-lmtp", bounce_lmtp), ("--seed", seed)):
            command += [option, str(value)] if value is not None else []
        self.directory = directory
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        try:
            self.facts = self._wait(os.path.join(directory, "lab.json"))
        except BaseException:
            self.close()
            raise

    def _wait(self, path):
        end = time.monotonic() + START_TIME
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the lab ended with %d" % self.process.returncode)
            try:
                with open(path, encoding="utf-8") as file:
                    facts = json.load(file)
                if facts["pid"] == self.process.pid:
                    return facts
            except FileNotFoundError:
                pass
            time.sleep(0.02)
        raise RuntimeError("the lab did not come up in %d s" % START_TIME)

    @property
    def dns(self):
        return self.facts["dns"]

    @property
    def relay(self):
        return self.facts["relay"]

    def journal(self, name="journal"):
        """The lines so far of journal, returns or faults."""
        return journal.read(self.facts[name])

    def pending(self):
        """How many messages are still on their way back."""
        lines = self.journal("returns")
        return sum(1 if line["event"] == "scheduled" else -1 for line in lines)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
