"""A disk whose power can be cut: an ext4 in a file, mounted by way of a loop device where only this process and its children see it.

The cut is ext4's own (`xfs_io -x -c shutdown` makes the same call): from that instant on nothing reaches the disk, what is only in memory is lost with
it, and who writes gets EIO. When the power is back, the journal is replayed like after a real one. What this does not show is a disk that
lies about what it has written.
"""
import ctypes
import fcntl
import os
import struct
import subprocess

SIZE = 512 << 20           # bytes, sparse
SHUTDOWN = 0x8004587D      # EXT4_IOC_SHUTDOWN
WITHOUT_THE_LOG = 2        # EXT4_GOING_FLAGS_NOLOGFLUSH: what the journal has in memory goes, too
CLONE_NEWNS = 0x00020000


class NoDisk(Exception):
    """This machine does not let us have one; says why."""


def run_or_no_disk(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=60)
    if run.returncode:
        raise NoDisk("%s: %s" % (" ".join(command[:3]), run.stdout.strip() or "exit %d" % run.returncode))


def mounts_of_our_own():
    """Whatever we mount ends with our last process, however that dies."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise NoDisk("unshare: %s" % os.strerror(ctypes.get_errno()))
    run_or_no_disk("mount", "--make-rprivate", "/")


class Disk:
    """Mounted at DIRECTORY/disk, which is `path`. Raises NoDisk."""

    def __init__(self, directory):
        self.image, self.path = os.path.join(directory, "disk.img"), os.path.join(directory, "disk")
        if os.getuid() != 0:
            raise NoDisk("only root may mount a file system")
        try:
            mounts_of_our_own()
            with open(self.image, "wb") as file:
                file.truncate(SIZE)
            os.mkdir(self.path)
            run_or_no_disk("mkfs.ext4", "-q", "-E", "lazy_itable_init=1,lazy_journal_init=1", self.image)
        except OSError as error:
            raise NoDisk(str(error)) from None
        self.plug_in()

    def plug_in(self):
        """The power is back."""
        run_or_no_disk("mount", "-o", "loop", self.image, self.path)

    def cut(self):
        """From now on nothing that is not on the disk will ever be."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", WITHOUT_THE_LOG))
        except OSError as error:
            raise NoDisk("this kernel's ext4 knows no shutdown: %s" % error) from None
        finally:
            os.close(fd)

    def unplug(self):
        """Nobody may have a file open there any more."""
        run_or_no_disk("umount", self.path)

    def check(self):
        """No damage but what the journal mends."""
        run_or_no_disk("e2fsck", "-fn", self.image)
