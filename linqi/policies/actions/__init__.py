"""What is done to policies: written, published, told, paid 政策动作."""
