"""Programs and weights of others that look at pictures and listen to bins; plain values in and out."""
