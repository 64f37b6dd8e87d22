"""Metadata routing of meta-estimators with an estimator and a splitter."""

from typing import Any

from sklearn import get_config
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing


def routing_of(owner: Any) -> MetadataRouter:
    """Return the routing of ``fit`` to the ``fit`` of the estimator and the ``split`` of ``cv``."""
    return (
        MetadataRouter(owner=owner)
        .add(
            estimator=owner.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        .add(
            splitter=owner.cv,
            method_mapping=MethodMapping().add(caller="fit", callee="split"),
        )
    )


def route(owner: Any, params: dict[str, Any]) -> Bunch:
    """Route metadata; without routing, ``groups`` go to the splitter, the rest to the fit."""
    if get_config()["enable_metadata_routing"]:
        return process_routing(owner, "fit", **params)
    rest = dict(params)
    groups = rest.pop("groups", None)
    return Bunch(estimator=Bunch(fit=rest), splitter=Bunch(split={"groups": groups}))
