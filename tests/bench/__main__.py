"""`make bench`: runs every bench_*.py here (or those named), one after the other, and prints what it measured.

A bench is a module with `main()`, which prints lines of `measure(...)`. Each stands beside a limit of the same run.
"""

import importlib
import sys
import time
from pathlib import Path


def main() -> None:
    names = sys.argv[1:] or sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
    )
    for name in names:
        print(f"\n== {name}", flush=True)
        started = time.perf_counter()
        importlib.import_module(f"tests.bench.bench_{name}").main()
        print(f"   ({time.perf_counter() - started:.0f} s in all)", flush=True)


if __name__ == "__main__":
    main()
