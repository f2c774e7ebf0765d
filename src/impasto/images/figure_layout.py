"""Layout of a matplotlib figure: computed once, however often the figure is saved."""

from matplotlib.figure import Figure


def fix_layout(figure: Figure) -> None:
    """Run a figure's layout engine and remove it.

    ``Figure.savefig`` draws a figure with a layout engine twice for every file: once to find the
    places of its parts, once to write it.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)
