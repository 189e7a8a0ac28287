"""A run in, a measured release out: merged, converted, quantized, each step proved."""
