"""Pictures, pages, workbooks, import files."""
