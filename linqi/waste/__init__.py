"""From the bin to the correction: smart bins, recognition, tracing, the enforcement ladder 垃圾分类."""
