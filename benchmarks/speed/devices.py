"""Time fits of two pipelines on the device that Keras finds, CPU or GPU, after a first short fit.

    KERAS_BACKEND=jax python benchmarks/speed/devices.py
    KERAS_BACKEND=jax JAX_PLATFORMS=cpu python benchmarks/speed/devices.py
    KERAS_BACKEND=jax XLA_FLAGS=--xla_gpu_deterministic_ops=true python benchmarks/speed/devices.py

Also prints by how much the predictions of two CNNs differ that were fitted with the same seed.
"""

import time
from typing import Any

import keras
import numpy as np

from skcluster import pipelines
from skcluster.datasets import simulate_clusters


def main() -> None:
    """Fit and print."""
    print(f"{keras.backend.backend()}: {', '.join(map(str, keras.distribution.list_devices()))}")
    X, y = simulate_clusters(4000, n_stars=200, random_state=0)
    networks: list[tuple[str, Any, dict[str, Any]]] = [
        ("ann", pipelines.ann_pipeline, {}),
        ("cnn", pipelines.cnn_pipeline, {}),
        ("cnn, batch_size=512", pipelines.cnn_pipeline, {"batch_size": 512}),
    ]
    for name, make, settings in networks:
        make(epochs=5, random_state=0, **settings).fit(X, y)  # compiles the network
        pipeline = make(epochs=20, random_state=0, **settings)
        started = time.perf_counter()
        pipeline.fit(X, y)
        print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)
    first, second = (
        pipelines.cnn_pipeline(epochs=10, random_state=0).fit(X[:1000], y[:1000]).predict(X[:50])
        for _ in range(2)
    )
    print(f"same seed: predictions differ by up to {np.abs(first - second).max():.2g}")


if __name__ == "__main__":
    main()
