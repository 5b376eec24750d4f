"""How many times as long as usual everything may take: TOCSIN_SLOWDOWN. tests/valgrind says it, under which the programs are that slow."""
import os

FACTOR = float(os.environ.get("TOCSIN_SLOWDOWN", "1"))


def slowly(seconds):
    """What takes SECONDS on an idle machine at full speed."""
    return seconds * FACTOR
