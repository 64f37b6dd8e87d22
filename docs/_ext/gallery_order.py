"""The order of the gallery: from the first estimate to what is rare."""

from pathlib import Path

SECTIONS = ["estimate", "train", "understand"]
ORDER = [
    "first_estimate",
    "from_the_sky",
    "uncertainties",
    "contaminated_list",
    "metallicities",
    "many_clusters",
    "beyond_memory",
    "table1",
    "compare_models",
    "grid_search",
    "augmentation",
    "own_transformer",
    "own_network",
    "fine_tuning",
    "network_and_isochrones",
    "simulated_and_real",
]


class Order:
    """Where an example stands in its section."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, file: str) -> int:
        """The place of a file among all examples."""
        return ORDER.index(Path(file).stem)
