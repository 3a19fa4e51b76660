"""Text -> facts of one module -> what each name may hold, across modules."""
