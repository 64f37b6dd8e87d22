"""Links from the diagrams of estimators in notebooks to their documentation."""


class DocLinkMixin:
    """Makes an estimator one of this package's, to be put left of `BaseEstimator`.

    Otherwise scikit-learn takes it for the user's own class.
    """

    _doc_link_module = "skcluster"
    #: No site is published yet; without this, links would lead to scikit-learn's.
    _doc_link_template = ""
