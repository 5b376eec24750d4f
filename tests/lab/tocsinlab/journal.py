"""Journals: one JSON object a line, in the file before anyone is told of it."""
import json
import os
from datetime import datetime, timezone


class Journal:
    """An append-only file. A line is written by one write(2), so a reader never sees half of one."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, **fields):
        line = {"time": datetime.now(timezone.utc).isoformat(timespec="microseconds"), **fields}
        os.write(self.descriptor, json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")

    def close(self):
        os.close(self.descriptor)


def read(path):
    """Every complete line of the journal at PATH; [] when there is none yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def read_whole(path):
    """The JSON value at PATH; [] when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return []
