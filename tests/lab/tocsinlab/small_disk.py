"""A small disk of its own for a test, which can be filled and emptied again."""
import os
import subprocess

from .disk import mounts_of_our_own, run_or_no_disk, NoDisk

BLOCK = 4096


class SmallDisk:
    """A tmpfs of SIZE bytes mounted at PATH; `close` takes it away. Raises NoDisk."""

    def __init__(self, path, size):
        os.makedirs(path, exist_ok=True)
        if os.getuid() != 0:
            raise NoDisk("only root may mount a tmpfs")
        mounts_of_our_own()
        run_or_no_disk("mount", "-t", "tmpfs", "-o", "size=%d" % size, "tmpfs", path)
        self.path, self.filler = path, os.path.join(path, ".filler")

    def fill(self):
        """Not a byte is left."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * BLOCK)
            except OSError:
                pass

    def empty(self):
        os.unlink(self.filler)

    def close(self):
        subprocess.run(["umount", "-l", self.path], timeout=30, check=True)
