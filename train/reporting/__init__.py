"""The report of a run: report.json, its page, the model card."""
