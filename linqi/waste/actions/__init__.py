"""What is done at bins: registering, taking in, looking, ordering 垃圾分类动作."""
