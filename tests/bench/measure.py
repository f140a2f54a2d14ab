"""How benchmarks print: one line per figure, with its unit and the limit it stands beside."""


def measure(what: str, value: float, unit: str, beside: str = "") -> None:
    """Print one figure, three significant digits, right-aligned."""
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    print(f"   {what:<58} {number:>9} {unit:<6} {beside}".rstrip(), flush=True)
