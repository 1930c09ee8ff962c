"""Weights of models: what `configs/models.yaml` names, fetched, verified, and found by engines."""
