"""The only floor that stores; db/session.py is the one place that commits."""
