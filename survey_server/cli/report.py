"""`survey-server report`: one or two waves as PDF, HTML, workbook, CSV pack or JSON, all from the same value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from survey_server.config import Config
from survey_server.db.session import open_database
from survey_server.reports.editions import FORMATS, PAPERS, render_edition
from survey_server.reports.make import EDITIONS, LANGUAGES, make_summary
from survey_server.reports.wave_summary import WaveSummary


@click.command()
@click.argument("programme")
@click.option("--waves", nargs=2, metavar="BEFORE AFTER", help="Two waves to compare, by name or number.")
@click.option("--wave", "single", metavar="WAVE", help="One wave alone, by name or number.")
@click.option("--lang", "language", type=click.Choice(list(LANGUAGES)), default="es", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Default: by the ending of --out.")
@click.option("--paper", type=click.Choice(PAPERS), default="A4", show_default=True)
@click.option(
    "--edition",
    type=click.Choice(EDITIONS),
    default="full",
    show_default=True,
    help="us: without posts, units and people; partner: nor integrity flags; public: two pages, by department.",
)
def report(
    programme: str,
    waves: tuple[str, str] | None,
    single: str | None,
    language: str,
    out: Path,
    form: str | None,
    paper: str,
    edition: str,
) -> None:
    """Write the report on waves of PROGRAMME: .pdf, .html, .xlsx, .zip (CSV pack) or .json."""
    names = waves or ((single,) if single else ())
    form = form or out.suffix.removeprefix(".").lower()
    if not names:
        raise click.UsageError("Say which waves: --waves BEFORE AFTER, or --wave WAVE for one alone.")
    if form not in FORMATS:
        raise click.UsageError(f"{out.name} doesn't end in one of {', '.join(FORMATS)}: add --format.")
    written = write_report(Config.from_environment(), programme, names, language, out, form, paper, edition)
    click.echo(f"{out}: report {written.report_id}, {len(written.pages)} chapters.")


def write_report(
    config: Config,
    programme: str,
    waves: Sequence[str],
    language: str,
    path: Path,
    form: str = "pdf",
    paper: str = "A4",
    edition: str = "full",
) -> WaveSummary:
    """Write one edition of the report to `path` and return the value that it was drawn from."""
    summary = make_summary(open_database(config.database_url), programme, waves, language, edition)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(render_edition(summary, form, paper))
    return summary
