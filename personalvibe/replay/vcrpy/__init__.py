"""The only room that knows vcrpy: its patches of the HTTP clients ask our sessions."""
