"""Recognition of waste on a picture 垃圾识别: what is seen, how sure that is, and when nothing is said. Pure: numbers in, numbers out."""
