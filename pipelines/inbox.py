"""Recipe: score what was dropped into a folder. Run it from cron, every few minutes.

    */10 * * * *  cd /srv/leads && python pipelines/inbox.py inbox my.toml

People without a terminal drop a list into the folder and find it again in ``done/`` (page, table,
files for the CRM) or in ``to_fix/`` (a page that says what to do). It ends with 0, with 2 where a
list came back, with 1 where something else is wrong, which cron then mails.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from predict.errors import PredictError
from predict.home import Home
from predict.jobs.inbox import empty_inbox


def main(folder: str, definition: str) -> int:
    """Score the lists in a folder; return the exit code."""
    as_of = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        done = empty_inbox(Path(folder), Path(definition), Home.at(), as_of=as_of)
    except PredictError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for result in done.results:
        print(f"{result.name}: {result.told or result.note} ({result.folder})")
        for said in result.remarks:
            print(f"  {said}")
    return 2 if done.came_back else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python pipelines/inbox.py FOLDER FILE.toml")
    sys.exit(main(*sys.argv[1:]))
