"""Registers: forms that are kept all along (sessions, months, meetings), read whole and not wave by wave."""

from __future__ import annotations

from typing import Final

TRAINING, ADMIN, INCIDENTS, COMMITTEES = "ssr_training", "ssr_admin_monthly", "ssr_incident", "ssr_committee"
FOLLOW_UP, CONTACTS, JUSTICE, JOINT = "ssr_followup", "ssr_contact", "ssr_justice", "ssr_joint"
BACK_CHECKS, RESTRICTED, CHECK_INS = "ssr_backcheck", "ssr_restricted", "ssr_checkin"

REGISTERS: Final = (TRAINING, ADMIN, INCIDENTS, COMMITTEES, FOLLOW_UP, CONTACTS, JUSTICE, JOINT, BACK_CHECKS)
"""The forms whose submissions a report reads over all their waves, up to the cut-off."""

UNREPORTED: Final = (RESTRICTED, CHECK_INS)
"""Forms whose answers no report ever reads: what integrity officers and duty officers see."""
