"""No secret in a file: rules, shapes, bodies, and the scan before every write."""
