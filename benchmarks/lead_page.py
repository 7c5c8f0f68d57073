"""How heavy a page of 20,000 leads is and how long Chromium takes to open and to search it.

    python -m benchmarks.lead_page --to benchmarks/lead_page.md

Opened is from the start of navigation to the end of the first layout, by the browser's own clock.
The search comes right then, when most leads are still text, and ends with the layout of what it
found. Without script the page is opened as a browser reads it that runs none. The page is the
invented list of the tests, with reasons and folds for the best 2,000.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd

from predict.report.folded import Folded, timeline
from predict.report.overview import Overview
from predict.report.pages import MOST_FOLDED, render_list
from predict.scoring.worth import worth
from tests.report.conftest import make_sample

PROBE = """<script>addEventListener("load", () => {
  document.body.offsetHeight;
  const opened = performance.now(), box = document.getElementById("search");
  if (box && self.changed) {
    box.value = "novak";
    changed();
    document.body.offsetHeight;
  }
  document.title = "opened " + Math.round(opened) + " " + Math.round(performance.now() - opened);
});</script></body>"""
#: What keeps later leads back from a browser that runs scripts, and the script.
BARE = re.compile(r"</?noscript[^>]*>|<script>.*?</script>", re.DOTALL)


def page(leads: int) -> tuple[str, float]:
    """Return a page of so many leads, and the seconds of processor time it took to write."""
    sample = make_sample(n=leads + leads // 15)
    scores = sample.scores[sample.scores["status"] == "scored"].head(leads)
    display = sample.display.loc[scores.index].assign(source="Trade show")
    best = scores.sort_values("probability", ascending=False)["row"].head(MOST_FOLDED)
    did = timeline([(day, f"downloaded “guide {day}”") for day in range(10)])
    past = ("Came in October 2025, looked at on its first day, alike in industry and pricing: "
            "did not become an opportunity within 90 days.",) * 3  # fmt: skip
    folded = {int(row): Folded(did, past) for row in best}
    start = time.process_time()
    html = render_list(
        scores, sample.reasons, display=display, summary=sample.summary, folded=folded,
        overview=Overview(worth=worth(scores["probability"].head(200))),
    )  # fmt: skip
    return html, time.process_time() - start


def opened(html: str) -> tuple[float, float]:
    """Return the seconds that Chromium takes to open a page, and then to search it."""
    chromium = shutil.which("chromium") or "google-chrome"
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "page.html"
        path.write_text(bare.replace("</body>", PROBE), encoding="utf-8")
        done = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             f"--user-data-dir={folder}/profile", "--dump-dom", path.as_uri()],
            capture_output=True, text=True, timeout=600, check=True,
        )  # fmt: skip
    found = re.search(r"<title>opened (\d+) (\d+)</title>", done.stdout)
    assert found is not None
    return int(found[1]) / 1000, int(found[2]) / 1000


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--to", type=Path)
    asked = parser.parse_args()
    lines = ["| leads | MB | to write, s of processor | to open, s | then to search, s "]
    lines[0] += "| to open without script, s |"
    lines += ["|--:|--:|--:|--:|--:|--:|"]
    for leads in asked.leads:
        html, seconds = page(leads)
        runs = pd.DataFrame([opened(html) for _ in range(asked.runs)])
        told = [f"{min(r):.1f} to {max(r):.1f}" for r in (runs[0], runs[1])]
        without = opened(BARE.sub("", html))[0]
        size = len(html.encode()) / 1e6
        lines.append(
            f"| {leads:,} | {size:.1f} | {seconds:.1f} | {told[0]} | {told[1]} | {without:.1f} |"
        )
    counts = " ".join(map(str, asked.leads))
    command = f"python -m benchmarks.lead_page --leads {counts} --runs {asked.runs}"
    text = f"# The lead page by size\n\n`{command} --to benchmarks/lead_page.md`\n\n"
    text += "\n".join(lines) + "\n"
    print(text)
    if asked.to:
        asked.to.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
