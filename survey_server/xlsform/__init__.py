"""Forms and instances: XLSForm to Form, instance to checked answers. Pure functions: no server, no database."""
