"""`predict` beside other learners: same features, same folds, same wall time, one core.

    python -m benchmarks.quality --to benchmarks/quality.md

`folds` writes each fold as Parquet; each learner is a short script in ``fitting/``, run by the
Python of its own environment; `table` compares what they wrote, row by row. Runs are kept in
``data/quality`` and not repeated: a run that was stopped goes on where it was. To begin again,
delete that folder, or ``runs/NAME`` in it for one learner.

The environments, for each NAME in ``requirements/``; a learner without one is said to be absent:

    python -m venv data/peers/NAME
    data/peers/NAME/bin/python -m pip install -r benchmarks/quality/requirements/NAME.txt
"""
