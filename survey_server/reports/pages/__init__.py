"""One file for each page of the report: `build_<page>(study)` returns the Page, or LeftOut with the reason."""
