"""Who may do what: people, second factors, tokens, and the conditions on what each may read."""
