"""Write the report of a run: report.json, its page with figures, and the model card."""
