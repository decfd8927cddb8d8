"""What is decided about enterprises: how rows are read, how names are split, which records may be one 企业判定."""
