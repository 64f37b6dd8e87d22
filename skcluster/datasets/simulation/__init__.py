"""Simulated star clusters: parameters, stars, extinction, Gaia's errors, and field stars."""
