"""survey_server: field surveys and observation, from an offline phone to an honest printed comparison."""

__version__ = "0.1.0"
