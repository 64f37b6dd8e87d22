"""Links from the diagrams of estimators in notebooks to their documentation."""

import os
import sys


class DocLinkMixin:
    """Makes an estimator one of this package's, to be put left of `BaseEstimator`.

    Otherwise scikit-learn takes it for the user's own class. Where the environment variable
    SKCLUSTER_DOCS holds the address of a site that was built from ``docs``, diagrams link to the
    estimator's page there; otherwise to none, rather than to scikit-learn's.
    """

    _doc_link_module = "skcluster"

    @property
    def _doc_link_template(self) -> str:
        site = os.environ.get("SKCLUSTER_DOCS", "").rstrip("/")
        return f"{site}/reference/{{address}}.html" if site else ""

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """The shortest public address of the class, under which the site documents it."""
        kind = type(self)
        module = "skcluster"
        if kind.__name__ not in sys.modules[module].__all__:
            module = kind.__module__.split("._")[0]
        return {"address": f"{module}.{kind.__name__}"}
