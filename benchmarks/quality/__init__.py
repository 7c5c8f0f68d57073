"""`predict` beside other learners: same features, same folds, same wall time, one core.

    python -m benchmarks.quality --to benchmarks/quality.md

`folds` writes each fold as Parquet; each learner is a short script in ``fitting/``, run by the
Python of its own environment; `table` compares what they wrote, row by row.
"""
