"""One chart of a run: each job's median beside its floor's."""

from __future__ import annotations

from .cases import Table

COLOURS = {
    "brinery": "#1b7837",
    "joblib": "#762a83",
    "diskcache": "#e08214",
    "checkpointer": "#4393c3",
    "cachier": "#969696",
}


def draw(path: str, tables: list[Table]) -> None:
    """Draw the tables in which brinery stands beside its peers."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "brinery"
    shown = [table for table in tables if {"brinery", "joblib"} <= {row.name for row in table.rows}][::-1]
    figure, axes = plt.subplots(figsize=(9, 0.7 + 0.55 * len(shown)), layout="constrained")
    for name, colour in COLOURS.items():
        points = [
            (row.median / table.rows[0].median, at)
            for at, table in enumerate(shown)
            for row in table.rows
            if row.name == name
        ]
        across, up = zip(*points, strict=True)
        axes.scatter(across, up, s=70, color=colour, label=name, zorder=3)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(shown)), [table.title for table in shown])
    axes.set_xlabel("median time, as a multiple of the least that the job can cost (left is better)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.4, 1), frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
