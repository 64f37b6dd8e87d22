"""Links to the documentation, from the diagrams of estimators in notebooks and from messages."""

import os
import sys


def documentation(page: str) -> str:
    """Return where a page of the documentation is, for a message.

    Parameters
    ----------
    page : str
        Name of a file in ``docs``, or of one in capitals beside it, without its extension; and
        optionally ``#`` and a section, as in ``"member_lists#what-is-needed"``.

    Returns
    -------
    str
        The address on the site that SKCLUSTER_DOCS names, or else the path in the source.
    """
    name, mark, section = page.partition("#")
    if site := _site():
        return f"{site}/{name}.html{mark}{section}"
    folder = "" if name.isupper() else "docs/"
    return f"{folder}{name}.md{mark}{section}"


def _site() -> str:
    return os.environ.get("SKCLUSTER_DOCS", "").rstrip("/")


class DocLinkMixin:
    """Mark an estimator as one of this package; placed left of `BaseEstimator`.

    Otherwise scikit-learn treats it as the user's own class. If the environment variable
    SKCLUSTER_DOCS holds the address of a site built from ``docs``, diagrams link to the page of
    the estimator there; otherwise they have no link.
    """

    _doc_link_module = "skcluster"

    @property
    def _doc_link_template(self) -> str:
        site = _site()
        return f"{site}/reference/{{address}}.html" if site else ""

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return the shortest public name of the class, under which the site documents it."""
        kind = type(self)
        module = "skcluster"
        if kind.__name__ not in sys.modules[module].__all__:
            module = kind.__module__.split("._")[0]
        return {"address": f"{module}.{kind.__name__}"}
