"""What a cassette file says: the format, YAML, bodies, streams, the formats of other tools."""
