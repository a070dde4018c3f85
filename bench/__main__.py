"""Every benchmark, one after the other, each in a process of its own: `python -m bench [name …]`, or `make bench`."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = {
    "methods": ["bench.methods_columnar"],
    "posting": ["bench.ledger_posting"],
    "batch": ["bench.ledger_batch"],
    "settlement": ["bench.settlement"],
    "intake": ["bench.intake_http"],
    "file": ["bench.intake_file"],
    "statement": ["bench.statement_http"],
    "plan": ["bench.plan_reading"],
    "plan-pages": ["bench.plan_page"],
    "vouchers": ["bench.voucher_exchange"],
    "clearing": ["bench.clearing"],
    "vouchers-http": ["bench.voucher_http"],
}


def main() -> int:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", *BENCHMARKS[name]], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
