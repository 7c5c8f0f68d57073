"""The app: verbs of the command line; each reads its arguments, calls one job and prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Abort
from typer.exceptions import TyperException

from predict.cli import cards, forgetting, verbs
from predict.cli import models as models_verbs
from predict.errors import InputError, PredictError

app = typer.Typer(
    name="predict",
    help="Which leads should sales call first, why, and was last month's list right?",
    epilog="Ends with 0; with 2 where a finding, the gate or a refusal said no, which a sentence "
    "explains; with 1 where something is wrong. FILE.toml is the definition: the argument of a "
    "verb, or --definition where the argument is a list, a folder, a version or a lead.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Definition = Annotated[Path, typer.Argument(metavar="FILE.toml", help="The definition.")]
Data = Annotated[Path | None, typer.Option(help="Folder that relative paths start from.")]
Home = Annotated[
    Path | None, typer.Option(help="Where models, archive and ledger are; $PREDICT_HOME.")
]
To = Annotated[Path, typer.Option(help="Output folder; a complete one is left untouched.")]
Of = Annotated[Path, typer.Option("--definition", metavar="FILE.toml", help="The definition.")]
Because = Annotated[str | None, typer.Option(help="Why, for the record.")]
For = Annotated[
    str | None,
    typer.Option("--for", help="Write import files: salesforce or hubspot; else by the ids."),
]


@app.command()
def init(
    exports: Annotated[
        list[Path], typer.Argument(metavar="EXPORT…", help="CSV, XLSX, Parquet, zip or folder.")
    ],
    to: Annotated[Path, typer.Option(metavar="MY.toml", help="The definition to write.")],
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a definition.")] = False,
) -> None:
    """Look at exports, recognise them, and write a commented definition to begin with."""
    verbs.init(exports, to, yes, force)


@app.command()
def check(
    file: Definition,
    json: Annotated[Path | None, typer.Option(help="Write the findings as JSON too.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Without the leakage audit.")] = False,
    home: Home = None,
    data: Data = None,
) -> None:
    """Say what an export holds, what is wrong, what knows too much; 2 where a finding blocks."""
    raise typer.Exit(verbs.check(file, json, data, quick, home))


@app.command()
def train(
    file: Definition,
    home: Home = None,
    data: Data = None,
    trials: Annotated[int, typer.Option(help="Settings to try on earlier months.")] = 0,
    time_cap: Annotated[float | None, typer.Option(help="Seconds for trying.")] = None,
) -> None:
    """Check, archive, backtest, fit and register a model; the first one that may scores.

    Ends with 2 where a finding blocks, or the gate held the model and none is in use.
    """
    raise typer.Exit(verbs.train(file, home, data, trials, time_cap))


@app.command()
def backtest(
    file: Definition,
    to: To,
    start: Annotated[str | None, typer.Option(help="First month or week, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option(help="Test nothing from this day on.")] = None,
    every: Annotated[verbs.Every, typer.Option(help="How often to refit.")] = verbs.Every.month,
    data: Data = None,
) -> None:
    """Predict past months as if at the time, refitting each time; write figures and curves."""
    verbs.backtest(file, to, start, end, every, data)


@app.command()
def score(
    definition: Annotated[Path, typer.Option(metavar="FILE.toml", help="The definition.")],
    to: To,
    leads: Annotated[Path | None, typer.Argument(metavar="LIST", help="Any list.")] = None,
    open: Annotated[bool, typer.Option("--open", help="Score the open leads instead.")] = False,
    as_of: Annotated[str | None, typer.Option(help="The moment to look, UTC; now.")] = None,
    list: Annotated[str | None, typer.Option(help="Which \\[lists.NAME] maps its headers.")] = None,
    reasons: Annotated[
        verbs.Reasons, typer.Option(help="Whose reasons to write.")
    ] = verbs.Reasons.qualified,
    vendor: For = None,
    by: Annotated[verbs.By | None, typer.Option(help="A page for each owner, too.")] = None,
    work: Annotated[
        int | None, typer.Option(min=1, help="How many leads will be worked; else the capacity.")
    ] = None,
    dates: Annotated[str | None, typer.Option(help="Dates of the list, like %d/%m/%Y.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Its decimal sign, . or ,")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Its field separator.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Its character encoding.")] = None,
    home: Home = None,
    data: Data = None,
) -> None:
    """Score a list, or the leads still open, with the model in use."""
    if open == (leads is not None):
        raise InputError("name a LIST, or say --open: one of the two", where="predict score")
    read_as = {"dates": dates, "decimal": decimal, "delimiter": delimiter, "encoding": encoding}
    pages = (by, work)
    verbs.score(definition, to, leads, as_of, list, reasons, home, data, vendor, read_as, pages)


@app.command()
def inbox(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where lists are dropped.")],
    definition: Annotated[Path, typer.Option(metavar="FILE.toml", help="The definition.")],
    as_of: Annotated[str | None, typer.Option(help="The moment to look, UTC; now.")] = None,
    vendor: For = None,
    home: Home = None,
    data: Data = None,
) -> None:
    """Score every list dropped into a folder; 2 where one could not be read and comes back."""
    raise typer.Exit(verbs.inbox(folder, definition, as_of, vendor, home, data))


@app.command()
def explain(
    scored: Annotated[Path | None, typer.Option(help="Folder that predict score wrote.")] = None,
    lead_id: Annotated[
        str | None, typer.Argument(metavar="LEAD_ID", help="By default the best of the list.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Say what changed since this day, UTC; or: last, the run before."),
    ] = None,
    definition: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="The definition; with --since.")
    ] = None,
    home: Home = None,
) -> None:
    """Say why a lead was scored as it was, or what changed since an earlier run."""
    if since is not None:
        verbs.explain_change(lead_id, since, definition, home, scored)
    else:
        verbs.explain(lead_id, scored)


@app.command()
def monthly(
    file: Definition,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take an export that is older, or of half the size.")
    ] = False,
    home: Home = None,
    data: Data = None,
    trials: Annotated[int, typer.Option(help="Settings to try on earlier months.")] = 0,
    time_cap: Annotated[float | None, typer.Option(help="Seconds for trying.")] = None,
) -> None:
    """Archive, check, train, compare, promote if better, report: one command for cron.

    Ends with 2 where the new model did not come into use; the line that is printed says why.
    """
    raise typer.Exit(models_verbs.monthly(file, accept, home, data, trials, time_cap))


@app.command()
def promote(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Its number.")],
    definition: Of,
    because: Because = None,
    home: Home = None,
) -> None:
    """Let a version score from now on, whatever the gate said of it."""
    models_verbs.promote(version, definition, because, home)


@app.command()
def rollback(file: Definition, because: Because = None, home: Home = None) -> None:
    """Let the version score again that scored before the one in use; 2 where none did."""
    models_verbs.rollback(file, because, home)


@app.command()
def monitor(
    file: Definition,
    home: Home = None,
    data: Data = None,
    to: Annotated[Path | None, typer.Option(help="Folder for figures and pictures.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Leads since then may warn, UTC; the newest period.")
    ] = None,
) -> None:
    """Say whether leads, chances and outcomes are as the model learned.

    Ends with 2 where there is something to look at today.
    """
    raise typer.Exit(verbs.monitor(file, home, data, to, since))


@app.command()
def models(home: Home = None) -> None:
    """List the models, the one in use and the one on trial; who was in use when, and why."""
    models_verbs.models(home)


@app.command()
def forget(
    leads: Annotated[
        list[str] | None, typer.Argument(metavar="LEAD_ID…", help="Whom; ids as the CRM has them.")
    ] = None,
    definition: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Under which; all by default.")
    ] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Instead, what is older than \\[retention] says.")
    ] = False,
    because: Annotated[str | None, typer.Option(help="A reason to keep; no names.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The moment of the request, UTC; now.")] = None,
    home: Home = None,
) -> None:
    """Remove leads from archive, ledger and feedback, and leave them out from now on.

    Ends with 2 where an id is not known here: it may be a slip.
    """
    raise typer.Exit(forgetting.forget(leads or [], definition, expired, because, as_of, home))


@app.command()
def card(
    file: Definition,
    to: Annotated[Path, typer.Option(help="Folder for card.html, card.md and their pictures.")],
    version: Annotated[
        int | None, typer.Option(help="Which version; by default the newest.")
    ] = None,
    home: Home = None,
) -> None:
    """Write the model card of a version, from the model store alone."""
    cards.card(file, to, version, home)


@app.command()
def demo(
    to: To,
    leads: Annotated[int, typer.Option(help="How many leads.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed, the same bytes.")] = 7,
    shape: Annotated[
        verbs.Shape, typer.Option("--as", help="Whose exports they look like.")
    ] = verbs.Shape.clean,
) -> None:
    """Write the exports of a simulated company, with a definition for them."""
    verbs.demo(to, leads, seed, shape)


def main() -> None:
    """Run the command line; errors are sentences, exit codes 0, 1 and 2."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except TyperException as error:  # asked for wrongly: 2 is kept for what was said no to
        if said := error.format_message():
            helps = getattr(getattr(error, "ctx", None), "command_path", "predict")
            print(f"error: {said}\n  do: {helps} --help", file=sys.stderr)  # noqa: T201
        sys.exit(1 if said else 0)
    except PredictError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except OSError as error:  # no such folder, no right to write there, no room left
        where = f"\n  where: {error.filename}" if error.filename else ""
        print(f"error: {error.strerror or error}{where}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except (Abort, KeyboardInterrupt):
        print("interrupted; nothing was published", file=sys.stderr)  # noqa: T201
        sys.exit(130)
