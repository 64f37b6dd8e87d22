"""Links from the diagrams of estimators in notebooks to their documentation."""


class DocLinkMixin:
    """Mark an estimator as one of this package; placed left of `BaseEstimator`.

    Otherwise scikit-learn treats it as the user's own class.
    """

    _doc_link_module = "skcluster"
    #: No site is published yet; without this, links would lead to the site of scikit-learn.
    _doc_link_template = ""
