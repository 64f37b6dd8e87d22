"""Links from the diagrams of estimators in notebooks to their documentation."""

import os
import sys


class DocLinkMixin:
    """Mark an estimator as one of this package; placed left of `BaseEstimator`.

    Otherwise scikit-learn treats it as the user's own class. If the environment variable
    SKCLUSTER_DOCS holds the address of a site built from ``docs``, diagrams link to the page of
    the estimator there; otherwise they have no link.
    """

    _doc_link_module = "skcluster"

    @property
    def _doc_link_template(self) -> str:
        site = os.environ.get("SKCLUSTER_DOCS", "").rstrip("/")
        return f"{site}/reference/{{address}}.html" if site else ""

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return the shortest public name of the class, under which the site documents it."""
        kind = type(self)
        module = "skcluster"
        if kind.__name__ not in sys.modules[module].__all__:
            module = kind.__module__.split("._")[0]
        return {"address": f"{module}.{kind.__name__}"}
