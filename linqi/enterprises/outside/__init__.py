"""Programs of others by which papers of enterprises are read; plain values in, plain values out."""
