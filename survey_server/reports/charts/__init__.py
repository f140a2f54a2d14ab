"""The drawings of a report, written as SVG by hand."""
