"""What several rooms need is defined once."""

import ast
from pathlib import Path

import pytest

import skcluster
from skcluster.datasets import Effects
from skcluster.inference import IsochronePosterior, Parameters
from skcluster.inference._prior import Prior
from skcluster.isochrones import _masses_and_binaries

PACKAGE = Path(skcluster.__file__).parent
#: Constants by words in their names, and where they are.
HOMES = {
    ("PARALLAX", "FLOOR"): "clusters/_parallax.py",
    ("PARALLAX", "ZERO", "POINT"): "clusters/_parallax.py",
    ("COLOUR", "ZERO", "POINT"): "inference/_prior.py",
    ("UNKNOWN", "MODULUS"): "clusters/_parallax.py",
    ("LEAST", "PARALLAX"): "clusters/_parallax.py",
    ("BINARY", "FRACTION"): "isochrones/_masses_and_binaries.py",
    ("MASSIVE", "STAR"): "isochrones/_masses_and_binaries.py",
    ("COLOUR", "SCATTER"): "isochrones/_masses_and_binaries.py",
    ("FIELD", "ODDS"): "inference/_prior.py",
    ("METALLICITY", "PRIOR"): "inference/_prior.py",
    ("REDDENING", "PRIOR"): "inference/_prior.py",
    ("TAIL",): "inference/_prior.py",
}


def constants() -> list[tuple[str, str]]:
    """Names in capitals that modules assign, and the files."""
    found = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            found += [(n, file.relative_to(PACKAGE).as_posix()) for n in names if n.isupper()]
    return found


@pytest.mark.parametrize("words", HOMES, ids=" ".join)
def test_a_constant_has_one_home(words):
    files = {file for name, file in constants() if all(word in name for word in words)}
    assert files == {HOMES[words]}


def test_parameters_have_the_values_of_the_constants():
    effects = Effects()
    assert effects.binary_fraction == _masses_and_binaries.BINARY_FRACTION
    assert effects.massive_star_loss == _masses_and_binaries.MASSIVE_STAR_LOSS
    assert effects.colour_scatter == _masses_and_binaries.COLOUR_SCATTER
    own = IsochronePosterior().get_params()
    for name in ("tail_weight", "tail_factors", "metallicity_prior", "field_odds_prior"):
        assert own[name] == getattr(Prior, name)
    odds = Parameters.of(9.0, 0.0, 10.0).log_field_odds
    assert odds == pytest.approx(Prior([9, 0, 10], [1, 1, 1]).log_field_odds[0])
