"""The work in the field: sites, samples, teams, phones, check-ins, stops, progress."""
