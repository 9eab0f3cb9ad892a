"""Every way to ask: views, timelines, figures, findings, verify."""
