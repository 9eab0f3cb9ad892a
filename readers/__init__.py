"""Every way to ask: views, timelines, who knew what, figures, obligations, findings, verify."""
