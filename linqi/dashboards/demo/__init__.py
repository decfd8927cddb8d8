"""The demo street: a full street made up from a seed number, and said to be so on every page 演示街道."""
