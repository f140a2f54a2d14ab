"""How the fieldwork goes: checks, marks, the weekly field sheet."""
