"""Programs of others that visits are planned with; plain values in, plain values out."""
