"""predict: a conversion predictor for sales leads."""

__version__ = "0.1.0"
