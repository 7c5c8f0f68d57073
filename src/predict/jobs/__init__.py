"""Jobs as transactions: lock, staging, manifest, exit code."""
