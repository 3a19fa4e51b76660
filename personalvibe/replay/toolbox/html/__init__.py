"""The page about a folder of cassettes: its data, its charts, its template."""
