"""Published catalogues of star clusters, fetched from VizieR and cached.

The tests need no network; ``pytest -m network tests/datasets`` checks the live service.
"""
