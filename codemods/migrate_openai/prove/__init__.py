"""Show on the wire that a migration changed nothing. See docs/proof.md."""
