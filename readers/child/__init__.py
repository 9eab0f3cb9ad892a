"""Questions about one child: view, timeline, who knew what, where two sides differed."""
