"""Recipe: take in the newest export and let a new model earn its place. Run it from cron.

    30 5 2 * *  cd /srv/leads && python pipelines/monthly.py my.toml

It prints one line. It ends with 0 where the new model is in use, with 2 where the model in use
stays or a finding stops the run (the report says why), with 1 where something is wrong, which cron
then mails. Again on the same export, it changes nothing. See ``docs/scheduling.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from predict.errors import PredictError
from predict.home import Home
from predict.jobs.monthly import monthly


def main(definition: str, *options: str) -> int:
    """Run the month; return the exit code."""
    try:
        done = monthly(Path(definition), Home.at(), accept="--accept" in options)
    except PredictError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{'nothing new: ' if done.already else ''}{done.line} Report: {done.report}")
    return done.code


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--accept"]):
        sys.exit("usage: python pipelines/monthly.py FILE.toml [--accept]")
    sys.exit(main(*sys.argv[1:]))
