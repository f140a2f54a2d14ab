"""Pages of the work in the field: sites, samples, teams, phones, check-ins."""
