"""Pictures of the lead page for the README, as Chromium draws them.

    python -m benchmarks.pictures data/scored/new_leads

writes ``docs/lead_page.png`` (the top of ``list.html``) and ``docs/lead_card.png`` (the first lead
with most to tell, unfolded).
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def draw(html: str, to: Path, width: int, height: int) -> None:
    """Draw a page, twice as fine as a screen."""
    chromium = shutil.which("chromium") or "google-chrome"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", f"--user-data-dir={folder}/profile", "--virtual-time-budget=3000",
             "--force-device-scale-factor=1.5", f"--window-size={width},{height}",
             f"--screenshot={to.resolve()}", page.as_uri()],
            capture_output=True, timeout=300, check=True,
        )  # fmt: skip


def card_of(html: str) -> str:
    """Return a page of one lead: the one of the first hundred with most to tell, unfolded."""
    leads = re.findall(r"<article.*?</article>", html, re.S)[:100]
    most = max(leads, key=len).replace("<details>", "<details open>")
    head, _, _ = html.partition("<header")
    return f'{head}<main><br><section><div class="list">{most}</div></section></main></body></html>'


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scored", type=Path, help="folder that predict score wrote")
    html = (parser.parse_args().scored / "list.html").read_text(encoding="utf-8")
    draw(html, DOCS / "lead_page.png", 1280, 1400)
    draw(card_of(html), DOCS / "lead_card.png", 1280, 760)


if __name__ == "__main__":
    main()
